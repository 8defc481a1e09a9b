"use strict";
// Everything here is a convenience: the page says the same without it.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "↕";
    button.setAttribute("aria-label", `Sort by ${heading.textContent.trim()}`);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) {
        other.removeAttribute("aria-sort");
        other.querySelector("button").textContent = "↕";
      }
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      button.textContent = down ? "↓" : "↑";
      const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        const difference = Number(x) - Number(y);
        return Number.isNaN(difference) ? x.localeCompare(y) : difference;
      };
      const rows = [...body.rows].sort((a, b) => (down ? compare(b, a) : compare(a, b)));
      body.append(...rows);
    });
    heading.append(button);
  });
}
for (const details of document.querySelectorAll("details")) {
  const rows = [...details.querySelectorAll("tbody tr")];
  if (rows.length < 12) continue;
  const label = document.createElement("label");
  label.className = "filter";
  label.append("Show rows with");
  const input = document.createElement("input");
  input.type = "search";
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  label.append(input);
  details.querySelector(".scroll").before(label);
}
// A printed page cannot be unfolded.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});

"use strict";
// Everything here is a convenience: the page says the same without it.
// A device's story unfolds below its row.
const fold = (root) => {
  for (const story of root.querySelectorAll("tr.story")) story.remove();
  for (const button of root.querySelectorAll("td button")) button.setAttribute("aria-expanded", "false");
};
for (const row of document.querySelectorAll("tr[data-story]")) {
  const cell = row.cells[0];
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = cell.textContent;
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") === "true";
    fold(row.parentElement);
    if (open) return;
    button.setAttribute("aria-expanded", "true");
    const story = document.createElement("tr");
    story.className = "story";
    const place = story.insertCell();
    place.colSpan = row.cells.length;
    const list = document.createElement("ol");
    for (const line of row.dataset.story.split("\n")) {
      const item = document.createElement("li");
      item.textContent = line;
      list.append(item);
    }
    place.append(list);
    row.after(story);
  });
  cell.replaceChildren(button);
}
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
      fold(body);
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
    fold(details);
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  label.append(input);
  details.querySelector(".scroll").before(label);
}
// A printed page cannot be unfolded.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});

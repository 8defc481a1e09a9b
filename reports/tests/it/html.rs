use std::collections::BTreeSet;

use crate::{specimen, write};

/// Values of an attribute, in order.
fn attribute<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let pattern = format!(" {name}=\"");
    html.match_indices(&pattern)
        .map(|(at, _)| {
            let value = &html[at + pattern.len()..];
            &value[..value.find('"').expect("a closing quote")]
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    for outcome in [specimen::rich(), specimen::small()] {
        let run = write(&outcome);
        let html = run.text("report.html");
        let ids = attribute(&html, "id");
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "ids are unique");
        for link in attribute(&html, "href") {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(unique.contains(&anchor), "#{anchor} has no target"),
                None => assert!(link == "data:," || run.dir.join(link).exists(), "{link} has no file"),
            }
        }
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let html = write(&specimen::rich()).text("report.html");
    let namespaces = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for forbidden in ["http:", "https:", "//cdn", "@import", "url(", " src="] {
        assert!(!namespaces.contains(forbidden), "{forbidden} in the page");
    }
}

#[test]
fn every_drawing_has_a_text_alternative() {
    let html = write(&specimen::rich()).text("report.html");
    let drawings = html.matches("<svg ").count();
    assert_eq!(drawings, 14, "seven figures in two forms");
    assert_eq!(html.matches("<title id=").count(), drawings);
    assert_eq!(html.matches("<desc id=").count(), drawings);
    assert_eq!(attribute(&html, "role").iter().filter(|role| **role == "img").count(), drawings);
    let ids: BTreeSet<_> = attribute(&html, "id").into_iter().collect();
    for list in attribute(&html, "aria-labelledby") {
        assert!(list.split(' ').all(|id| ids.contains(id)), "{list}");
    }
}

#[test]
fn names_from_a_scenario_are_text_and_not_markup() {
    let mut outcome = specimen::rich();
    let evil = "<img src=x onerror=alert(1)>\"'&";
    outcome.header.title = evil.into();
    outcome.truth[0].name = evil.into();
    outcome.behaviors[0].name = evil.into();
    outcome.jobs[0].job_id = evil.into();
    outcome.warnings.push(evil.into());
    let html = write(&outcome).text("report.html");
    assert!(!html.contains("<img"), "markup got through");
    assert!(html.contains("&lt;img src=x"));
}

#[test]
fn a_run_without_events_is_told_as_such() {
    let mut outcome = specimen::small();
    outcome.truth.clear();
    outcome.alarms.clear();
    outcome.mitigations.clear();
    outcome.findings.clear();
    let html = write(&outcome).text("report.html");
    assert!(html.contains("no event to judge by") && html.contains("n&#x2f;a"));
    assert!(!html.contains("100 %"), "nothing is perfect when nothing happened");
}

#[test]
fn long_tables_say_what_they_leave_out() {
    let html = write(&specimen::rich()).text("report.html");
    assert!(html.contains("The first 250 of 462 attacked devices"));
}

#[test]
fn the_heading_is_the_scenarios_title() {
    let mut outcome = specimen::small();
    outcome.header.title = "a week of meters".to_owned();
    let html = write(&outcome).text("report.html");
    assert!(html.contains("<h1>a week of meters</h1>"));
}

/// Each row of the table of attacked devices carries what happened on that device, by time.
#[test]
fn an_attacked_device_has_its_story() {
    let outcome = specimen::rich();
    let html = write(&outcome).text("report.html");
    let stories = attribute(&html, "data-story");
    let attacks = outcome.truth.iter().filter(|act| act.category == lab::outcome::ActKind::Attack);
    assert_eq!(stories.len(), attacks.map(|act| act.devices.len()).sum::<usize>().min(250));
    for story in &stories {
        let times: Vec<&str> = story.lines().filter_map(|line| line.split_once("  ")).map(|(time, _)| time).collect();
        assert!(times.is_sorted() && !times.is_empty(), "{story}");
        assert!(story.contains(" begins"), "{story}");
    }
    assert!(stories.iter().any(|story| story.contains("alarm: ")), "some of them rang");
}

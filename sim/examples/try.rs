//! temporary
use sim::world::*;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let sets: Vec<(String, String)> = std::env::args().skip(2).map(|s| { let (a, b) = s.split_once('=').unwrap(); (a.into(), b.into()) }).collect();
    let loaded = match sim::scenario::load(path.as_ref(), &sets, &Default::default()) { Ok(l) => l, Err(p) => { for x in p.iter() { println!("{x}"); } return } };
    #[allow(clippy::disallowed_methods)]
    let t = std::time::Instant::now();
    let run = sim::world::run(&loaded.scenario, RunOptions { threads: std::env::var("T").ok().and_then(|t| t.parse().ok()), telemetry: false }, &mut Unobserved).unwrap();
    let dt = t.elapsed();
    println!("{:?} {:.1} ns/dw digest {} alarms {} mitigations {} findings {} jobs {:?}", dt, dt.as_nanos() as f64 / run.outcome.tally.device_windows as f64, run.outcome.header.digest, run.outcome.alarms.len(), run.outcome.mitigations.len(), run.outcome.findings.len(), run.outcome.jobs);
    for b in &run.outcome.behaviors { let i = run.outcome.behaviors.iter().position(|x| std::ptr::eq(x,b)).unwrap(); println!("{} {} [{}] {} judged {} violating; alarms {}", b.profile, b.name, b.criteria, b.datapoints, b.violating, run.outcome.alarms.iter().filter(|a| a.behavior == i as u32).count()); }
    for a in &run.outcome.truth { println!("{} {:?} devices {} contained {} observed {} harm {} of {}", a.name, a.resolved, a.devices.len(), a.devices.iter().filter(|d| d.contained.is_some()).count(), a.devices.iter().filter(|d| d.first_observable.is_some()).count(), a.devices.iter().map(|d| d.harm).sum::<u64>(), a.devices.iter().map(|d| d.harm_planned).sum::<u64>()); }
    for t in run.outcome.timeline.iter().take(60) { println!("{} {} {}", t.time, t.lane, t.text); }
    println!("{:?}", run.outcome.tally.messages_by_day);
}

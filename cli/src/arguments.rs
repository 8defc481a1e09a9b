//! What was typed.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use defender::time::Millis;
use sim::fault::Entry;
use sim::scenario::archetype::BUILTIN;
use sim::scenario::problem::suggestion;
use sim::scenario::quantity::parse_duration;

/// Know before rollout whether an IoT fleet's defences work.
#[derive(Debug, Parser)]
#[command(name = "fleetrange", version, about, after_help = AFTER)]
pub struct Arguments {
    /// How problems are shown on stderr.
    #[arg(long, global = true, value_enum, default_value_t = ErrorFormat::Human)]
    pub error_format: ErrorFormat,
    /// Only the answer: no progress, no warnings.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str =
    "Exit codes: 0 yes, 1 no, 2 could not start, 3 inconclusive, 4 same inputs gave different bits, 130 interrupted.";

/// How problems are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// With the line and a pointer into it.
    Human,
    /// One line each: `FILE:LINE:COLUMN  MESSAGE`, then `help: …`.
    Plain,
    /// One JSON object a line.
    Json,
}

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs: the document that is also written as `summary.json`.
    Json,
}

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

/// How a table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
    /// For spreadsheets: a line per row.
    Csv,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario: what would have been seen, how fast, at what false-alarm cost, and what was contained.
    Run(Run),
    /// Go on with a run from the checkpoint it left.
    Resume(Resume),
    /// Check scenarios, security profiles, policies and other documents, without running anything.
    Check(Check),
    /// Run tests: scenarios with what they expect, and rule tests of security profiles.
    Test(Test),
    /// Keep what scenarios measure, for `test --baseline`.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Write a commented starter scenario that runs.
    New(New),
    /// Make a device class and a security profile from what others wrote down.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Run a scenario repeatedly, at several thread counts, and compare every event.
    Verify(Verify),
    /// Score and render an earlier run again, from its directory.
    Report(Report),
    /// Try many settings of behaviors on one telemetry: recall, latency and false alarms of each, and the Pareto front.
    Sweep(Sweep),
    /// Recommend a setting for every numeric behavior, under constraints, ready for `update-security-profile`.
    Tune(Tune),
    /// Compare two profiles, playbooks or scenarios on the same fleet and seeds.
    Compare(Compare),
    /// Break the defence piece by piece, on the same seeds: what each fault costs, and whether it all heals.
    Chaos(Chaos),
    /// Print a completion script for a shell.
    Completions(Completions),
}

/// Options that shape a scenario before it runs.
#[derive(Args, Clone, Debug, Default)]
pub struct Shape {
    /// Another seed than the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Another number of devices: classes, cohorts and targets are scaled in proportion.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub devices: Option<u32>,
    /// Replace a value of the scenario, for example `--set duration=2d`; may be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Respond as this file says (`[[responder]]`, `[[team]]`, `mitigation-actions`; it may be a whole scenario), in the
    /// place of the scenario's own playbook. An empty file: nobody responds.
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or_else(|| format!("expected PATH=VALUE, found `{text}`"))?;
    Ok((path.trim().to_owned(), value.trim().to_owned()))
}

fn threads(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(threads @ 1..=1024) => Ok(threads),
        _ => Err(format!("a number of threads must lie in 1..=1024, found `{text}`")),
    }
}

fn duration(text: &str) -> Result<Millis, String> {
    match parse_duration(text) {
        Ok(duration) if duration > Millis(0) => Ok(duration),
        _ => Err(format!("expected a duration above zero such as `1d` or `6h`, found `{text}`")),
    }
}

fn budget(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(budget) if (0.0..f64::INFINITY).contains(&budget) => Ok(budget),
        _ => Err(format!("expected a number of alarms a day, 0 or more, found `{text}`")),
    }
}

fn a_share(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("expected a share between 0 and 1 such as `0.95`, found `{text}`")),
    }
}

/// How a run is played and shown; none of it changes a result.
#[derive(Args, Debug)]
pub struct Manner {
    /// Number of threads, at least 1; never changes a result.
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Where the run directory goes; default: `runs/NAME-SEED`.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How the result is shown.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `run`
#[derive(Args, Debug)]
pub struct Run {
    /// The scenario (TOML), or a `scenario.lock.toml` of an earlier run.
    pub scenario: PathBuf,
    #[command(flatten)]
    pub shape: Shape,
    #[command(flatten)]
    pub manner: Manner,
    /// Seeds to run with, the scenario's and those after it: every score with its interval, and `[expect]` judged.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000), conflicts_with = "checkpoint")]
    pub runs: Option<u64>,
    /// Keep a file from which `fleetrange resume` goes on: written now and then, and on Ctrl-C.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Simulated time between checkpoints.
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration, requires = "checkpoint")]
    pub checkpoint_every: Millis,
}

/// `resume`
#[derive(Args, Debug)]
pub struct Resume {
    /// The file that `run --checkpoint FILE` left; it is kept up to date.
    pub checkpoint: PathBuf,
    #[command(flatten)]
    pub manner: Manner,
    /// Simulated time between checkpoints.
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration)]
    pub checkpoint_every: Millis,
}

/// `check`
#[derive(Args, Debug)]
pub struct Check {
    /// Scenarios and rule tests (TOML) and documents (JSON), any mix.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Accept the deviations that lenient mode accepts, with warnings, in documents.
    #[arg(long)]
    pub lenient: bool,
    /// Read criteria of security profiles as "alarm when", not as AWS's "normal when".
    #[arg(long)]
    pub criteria_alarm: bool,
}

/// Which tests, and how they are run.
#[derive(Args, Debug)]
pub struct Selection {
    /// Files and folders; folders are searched through. Default: `tests`.
    pub paths: Vec<PathBuf>,
    /// Only tests with this in their path or name.
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Another first seed than each scenario's own.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Seeds per scenario: the first and those that follow it. From 5 on, expectations are judged by intervals. Default:
    /// 1, or as many as the baseline has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub runs: Option<u32>,
    /// Number of threads, at least 1; never changes a result.
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
}

/// `test`
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 all passed, 1 one failed, 2 could not start, 3 none failed but one is inconclusive."
)]
pub struct Test {
    #[command(flatten)]
    pub selection: Selection,
    /// Show the tests, run none.
    #[arg(long)]
    pub list: bool,
    /// Leave out what comes after the first failure.
    #[arg(long)]
    pub fail_fast: bool,
    /// Fail if there is a behavior or a check that no test exercises.
    #[arg(long)]
    pub require_coverage: bool,
    /// Fail if a scenario is clearly worse than this file says; `fleetrange baseline update` writes it.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Also write JUnit XML, for build servers.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Also write Markdown, for a comment on a pull request.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Also write JSON, for programs.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// `baseline`
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Run scenarios and keep what they measure, in place of what the file says of them.
    Update(BaselineUpdate),
}

/// `baseline update`
#[derive(Args, Debug)]
pub struct BaselineUpdate {
    /// The baseline.
    pub file: PathBuf,
    #[command(flatten)]
    pub selection: Selection,
}

/// `new`
#[derive(Args, Debug)]
pub struct New {
    /// Where to write the scenario; its documents go into the folder of the same name.
    pub scenario: PathBuf,
}

/// `import`
#[derive(Subcommand, Debug)]
pub enum ImportCommand {
    /// From a Manufacturer Usage Description (RFC 8520): a scenario with one class of such devices, and a profile that
    /// allows what their maker says they do.
    Mud(ImportMud),
}

/// `import mud`
#[derive(Args, Debug)]
pub struct ImportMud {
    /// The description, as JSON.
    pub file: PathBuf,
    /// Where to write the scenario; its documents go into the folder of the same name. Default: named after the model.
    #[arg(long, value_name = "SCENARIO.toml")]
    pub out: Option<PathBuf>,
    /// The archetype that gives rates and sizes, of which a description says nothing.
    #[arg(long, default_value = "thermostat", value_parser = PossibleValuesParser::new(BUILTIN.iter().map(|a| a.name)))]
    pub archetype: String,
    /// The network behind a name in the description: a host, a controller, `local-networks`… May be given repeatedly.
    #[arg(long, value_name = "NAME=NETWORK", value_parser = named_network)]
    pub resolve: Vec<(String, ipnet::IpNet)>,
}

/// A name with a network.
fn named_network(text: &str) -> Result<(String, ipnet::IpNet), String> {
    // A name may be a URI, and those may have an equals sign.
    let (name, network) = text.rsplit_once('=').ok_or("expected NAME=NETWORK, such as time.example=192.0.2.0/24")?;
    match network.parse() {
        Ok(network) => Ok((name.to_owned(), network)),
        Err(_) => Err(format!("expected a network such as 192.0.2.0/24, found `{network}`")),
    }
}

/// `verify`
#[derive(Args, Debug)]
pub struct Verify {
    /// The scenario.
    pub scenario: PathBuf,
    #[command(flatten)]
    pub shape: Shape,
    /// Thread counts to compare.
    #[arg(long, value_delimiter = ',', default_value = "1,1,2,3,8", value_parser = threads)]
    pub threads: Vec<usize>,
}

/// `report`
#[derive(Args, Debug)]
pub struct Report {
    /// The run directory.
    pub run: PathBuf,
    /// Where to write; default: the run directory itself.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How the result is shown.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `compare`
#[derive(Args, Debug)]
pub struct Compare {
    /// The scenario of the first setting, A.
    pub first: PathBuf,
    /// The scenario of the second setting, B; default: the same.
    pub second: Option<PathBuf>,
    /// In B, this security profile in the place of the one with its name; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub profile_b: Vec<PathBuf>,
    /// In B, respond as this file says, in the place of the scenario's own playbook; see `--playbook`.
    #[arg(long, value_name = "FILE")]
    pub playbook_b: Option<PathBuf>,
    /// In B only, replace a value of the scenario; may be given several times.
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub set_b: Vec<(String, String)>,
    #[command(flatten)]
    pub shape: Shape,
    /// Seeds to run both on, from the scenario's upwards.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub runs: u64,
    /// Number of threads, at least 1; never changes a result.
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Also write a directory with the comparison as a page, its figures, JSON and Markdown.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How the comparison is shown.
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub format: ReportFormat,
}

/// `chaos`
#[derive(Args, Debug)]
pub struct Chaos {
    /// The scenario; faults of its own are left out.
    pub scenario: PathBuf,
    #[command(flatten)]
    pub shape: Shape,
    /// Number of seeds: the scenario's and those after it; intervals need five.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub runs: u64,
    /// Only these faults, for example `--only report-loss,clock-drift`; all unless given.
    #[arg(long, value_delimiter = ',', value_name = "FAULT", value_parser = fault)]
    pub only: Vec<&'static Entry>,
    /// Whether to play pairs of faults that can meet.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    pub pairs: Switch,
    /// Draw recall and false alarms against the intensity of this fault; may be given several times.
    #[arg(long, value_delimiter = ',', value_name = "FAULT", value_parser = fault)]
    pub curve: Vec<&'static Entry>,
    /// Number of runs at once, at least 1; never changes a result.
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Where the report goes; default: `runs/NAME-SEED-chaos`.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How the answer is shown.
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub format: ReportFormat,
}

/// `sweep`
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["behavior", "plan"])))]
pub struct Sweep {
    /// The scenario. Its responders stay away: only then is telemetry the same whatever the thresholds.
    pub scenario: PathBuf,
    /// The behavior to vary, as `NAME` or `PROFILE/NAME`; given several times, all of them get the same grids.
    #[arg(long)]
    pub behavior: Vec<String>,
    /// Static thresholds: `60`, `50,100,200`, `1..9`, `100..500 step 50`, `100..5000 log 20`, `0..100 lin 11`.
    #[arg(long, value_name = "GRID", num_args = 1..=3)]
    pub threshold: Option<Vec<String>>,
    /// Percentiles of the profile's devices: `90,99,99.9`.
    #[arg(long, value_name = "LIST")]
    pub percentile: Option<String>,
    /// Confidence levels of an ML behavior: `LOW,MEDIUM,HIGH`.
    #[arg(long, value_name = "LIST")]
    pub level: Option<String>,
    /// Windows: `5m,10m`.
    #[arg(long, value_name = "LIST")]
    pub duration: Option<String>,
    /// Consecutive datapoints to alarm: `1..4`.
    #[arg(long, value_name = "GRID", num_args = 1..=3)]
    pub datapoints: Option<Vec<String>>,
    /// A TOML file with a `[[behavior]]` block for each behavior to vary: `name`, `threshold`, `percentile`, `level`,
    /// `duration`, `datapoints`; and a `[[candidate]]` for each closed loop to run: `name`, and `[[candidate.behavior]]`
    /// blocks with one value of each.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["behavior", "threshold", "percentile", "level", "duration", "datapoints"])]
    pub plan: Option<PathBuf>,
    /// Close the loop: run settings again, each by itself, with the responders. A number: that many of the best of each
    /// behavior. Else the setting as the table writes it, `60 per 5m, 2 in a row to alarm`; may be given several times.
    #[arg(long, value_name = "N|SETTING", num_args = 0..=1, default_missing_value = "1", value_parser = confirm)]
    pub confirm: Vec<Confirm>,
    /// Also sweep with this attack's `rate` at 1/64 to 4 times what it is: how weak may it be and still be caught?
    #[arg(long, value_name = "ATTACK")]
    pub limit: Option<String>,
    #[command(flatten)]
    pub shape: Shape,
    /// Number of threads, at least 1; never changes a result.
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Also write a directory with the sweep as a page, its figures, JSON, CSV and Markdown.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How the sweep is shown.
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    pub format: TableFormat,
}

/// Settings of a sweep to run with responders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// So many of the best of each behavior.
    Best(usize),
    /// The one that the table writes so.
    Saying(String),
}

fn confirm(text: &str) -> Result<Confirm, String> {
    match text.parse() {
        Ok(0) => Err("expected 1 or more, or a setting as the table writes it".to_owned()),
        Ok(most) => Ok(Confirm::Best(most)),
        Err(_) => Ok(Confirm::Saying(text.trim().to_owned())),
    }
}

/// `tune`
#[derive(Args, Debug)]
pub struct Tune {
    /// The scenario. Its responders stay away: only then is telemetry the same whatever the thresholds.
    pub scenario: PathBuf,
    /// False alarms a day over the whole fleet, of all tuned behaviors together.
    #[arg(long, value_name = "N", value_parser = budget)]
    pub max_alarms_per_day: Option<f64>,
    /// Share of the attacked devices that each exercised behavior must detect, for example `0.95`.
    #[arg(long, value_name = "SHARE", value_parser = a_share)]
    pub min_recall: Option<f64>,
    /// Time from onset by which 95 % of the detected devices must be detected, for example `15m`.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub max_p95_latency: Option<Millis>,
    #[command(flatten)]
    pub shape: Shape,
    /// Recorded metrics of real devices, in place of simulated telemetry: CSV, answers of list-metric-values or messages of
    /// the metrics export; files, or directories of them. The scenario's attacks are laid over them.
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with = "devices")]
    pub from_metrics: Vec<PathBuf>,
    /// Also recommend a setting for each device class or thing group, as if it had a profile of its own that keeps to
    /// every constraint.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub per: Option<Per>,
    /// Seeds to tune on, from the scenario's upwards.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub runs: u64,
    /// Seeds after those, to hold the recommendation against.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub holdout: u64,
    /// Number of threads, at least 1; never changes a result.
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Also write a directory with the profiles for `update-security-profile`, a CloudFormation template and the
    /// rationale.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How the recommendation is shown.
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub format: ReportFormat,
}

/// What gets a setting of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Per {
    /// Each device class.
    Class,
    /// Each thing group, with the groups below it.
    Group,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

fn fault(name: &str) -> Result<&'static Entry, String> {
    sim::fault::entry(name.trim()).ok_or_else(|| {
        let names = sim::fault::REGISTRY.iter().map(|entry| entry.name);
        let meant = suggestion(name, names).unwrap_or_default();
        format!("no fault is named `{name}`; {meant}")
    })
}

/// `completions`
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

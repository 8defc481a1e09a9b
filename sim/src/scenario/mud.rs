//! Manufacturer Usage Descriptions (RFC 8520): what a device's maker says it talks to, as a device class and a
//! security profile.
//!
//! ```text
//!   from-device ACEs ──▶ where its connections lead to ──▶ destinations, a list of networks
//!   to-device ACEs   ──▶ ports others may connect to   ──▶ listening TCP and UDP ports
//! ```
//!
//! A description says who may talk to whom, not how much; so rates and sizes come from an archetype. Names of hosts and
//! controllers are not looked up, since an answer of today would not be the same tomorrow: whoever imports says what
//! networks stand behind a name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use defender::detect::validate::cidr;
use ipnet::IpNet;
use serde_json::json;

use super::json::parse_json;
use super::problem::{Problem, Problems, suggestion};
use super::source::Source;
use super::tree::Node;

/// What a description says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mud {
    /// A name for class and profile: the model's, or the last part of the description's URL.
    pub name: String,
    /// Where the description is published.
    pub url: String,
    /// What the maker calls the device.
    pub system: String,
    /// TCP ports that others may connect to.
    pub tcp_ports: BTreeSet<u16>,
    /// UDP ports that others may send to.
    pub udp_ports: BTreeSet<u16>,
    /// Networks that the device may talk to.
    pub destinations: BTreeSet<IpNet>,
    /// Names that the device may talk to, of which no network is known.
    pub unresolved: BTreeSet<String>,
    /// It may talk to anybody.
    pub anywhere: bool,
}

/// Where the parts of a description stand (RFC 8520 section 2.1; RFC 8519 names the lists, its drafts named them
/// otherwise).
const CONTAINER: &str = "ietf-mud:mud";
const LISTS: [&str; 2] = ["ietf-access-control-list:acls", "ietf-access-control-list:access-lists"];
/// The name under which `--resolve` says what the local networks are.
pub const LOCAL: &str = "local-networks";
/// What they are unless said: private and link-local addresses (RFC 1918, RFC 4193, RFC 4291).
const LOCAL_NETWORKS: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];
/// More ports than this are no list but an open door.
const PORTS_MAX: usize = 100;

/// Reads a description. `networks` are those behind names; the second half of the answer are warnings.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read(source: &Arc<Source>, networks: &BTreeMap<String, Vec<IpNet>>) -> Result<(Mud, Problems), Problems> {
    let mut reader = Reader { networks, problems: Problems::new(), used: BTreeSet::new() };
    let mud = match parse_json(source) {
        Ok(tree) => reader.description(&tree),
        Err(problem) => {
            reader.problems.push(problem);
            None
        }
    };
    match mud {
        Some(mud) if reader.problems.errors() == 0 => {
            reader.warn(&mud);
            Ok((mud, reader.problems))
        }
        _ => {
            reader.problems.sort();
            Err(reader.problems)
        }
    }
}

struct Reader<'a> {
    networks: &'a BTreeMap<String, Vec<IpNet>>,
    problems: Problems,
    /// Names that were asked for.
    used: BTreeSet<String>,
}

impl Reader<'_> {
    fn error(&mut self, node: &Node, message: impl Into<String>) {
        self.problems.push(Problem::error(node.place.clone(), message));
    }

    fn description(&mut self, tree: &Node) -> Option<Mud> {
        let container = self.member(tree, CONTAINER)?;
        let text = |name: &str| container.as_table()?.get(name)?.as_text();
        if let Some(version) = container.as_table().and_then(|table| table.get("mud-version"))
            && version.to_json() != json!(1)
        {
            self.error(version, format!("`mud-version` must be 1 (RFC 8520 section 3.1), found {}", version.found()));
        }
        let url = text("mud-url").unwrap_or_default().to_owned();
        let file = url.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
        let mut mud = Mud {
            name: slug(text("model-name").unwrap_or(file)),
            system: one_line(text("systeminfo").unwrap_or_default()),
            url: one_line(&url),
            tcp_ports: BTreeSet::new(),
            udp_ports: BTreeSet::new(),
            destinations: BTreeSet::new(),
            unresolved: BTreeSet::new(),
            anywhere: false,
        };
        let Some(lists) = LISTS.iter().find_map(|name| tree.as_table()?.get(name)) else {
            self.error(tree, format!("a description has `{}` (RFC 8520 section 2.1), found none", LISTS[0]));
            return None;
        };
        let lists = self.list(lists, "acl")?;
        for (policy, from_device) in [("from-device-policy", true), ("to-device-policy", false)] {
            let Some(policy) = container.as_table().and_then(|table| table.get(policy)) else { continue };
            let Some(access) = self.member(policy, "access-lists") else { continue };
            for entry in self.list(access, "access-list").into_iter().flatten() {
                let Some(name) = self.member(entry, "name") else { continue };
                let wanted = name.as_text().unwrap_or_default();
                let named = |list: &Node| list.as_table()?.get("name")?.as_text().map(str::to_owned);
                let Some(list) = lists.iter().find(|list| named(list).as_deref() == Some(wanted)) else {
                    let names: Vec<String> = lists.iter().filter_map(named).collect();
                    let problem =
                        Problem::error(name.place.clone(), format!("there is no access list {}", name.found()));
                    self.problems.push(match suggestion(wanted, names.iter().map(String::as_str)) {
                        Some(help) => problem.help(help),
                        None => problem,
                    });
                    continue;
                };
                let Some(entries) = self.member(list, "aces") else { continue };
                for ace in self.list(entries, "ace").into_iter().flatten() {
                    self.entry(ace, from_device, &mut mud);
                }
            }
        }
        Some(mud)
    }

    /// A member that must be there.
    fn member<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n Node> {
        let found = node.as_table().and_then(|table| table.get(name));
        if found.is_none() {
            let what = if node.as_table().is_some() { "an object without it".into() } else { node.found() };
            self.error(node, format!("`{name}` is required here, found {what}"));
        }
        found
    }

    /// A member that must be a list.
    fn list<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n [Node]> {
        let member = self.member(node, name)?;
        let list = member.as_list();
        if list.is_none() {
            self.error(member, format!("`{name}` must be a list, found {}", member.found()));
        }
        list
    }

    /// One access control entry (RFC 8519), with what RFC 8520 adds.
    fn entry(&mut self, ace: &Node, from_device: bool, mud: &mut Mud) {
        let (Some(matches), Some(actions)) = (self.member(ace, "matches"), self.member(ace, "actions")) else { return };
        let Some(forwarding) = self.member(actions, "forwarding") else { return };
        match forwarding.as_text() {
            Some("accept") => {}
            Some("drop" | "reject") => return,
            _ => {
                let message = format!("`forwarding` is one of accept, drop and reject, found {}", forwarding.found());
                self.error(forwarding, message);
                return;
            }
        }
        if from_device {
            self.destination(matches, mud);
        } else {
            self.ports(matches, mud);
        }
    }

    /// Whom an entry lets the device talk to.
    fn destination(&mut self, matches: &Node, mud: &mut Mud) {
        let get = |protocol: &str, name: &str| matches.as_table()?.get(protocol)?.as_table()?.get(name);
        let mut said = false;
        for protocol in ["ipv4", "ipv6"] {
            if let Some(network) = get(protocol, &format!("destination-{protocol}-network")) {
                said = true;
                match network.as_text().and_then(network_of) {
                    Some(network) => mud.destinations.extend([network]),
                    None => self
                        .error(network, format!("expected a network such as 192.0.2.0/24, found {}", network.found())),
                }
            }
            if let Some(name) = get(protocol, "ietf-acldns:dst-dnsname").and_then(Node::as_text) {
                said = true;
                self.named(name, mud);
            }
        }
        let abstractions = matches.as_table().and_then(|table| table.get(CONTAINER)).and_then(Node::as_table);
        for entry in abstractions.into_iter().flat_map(|table| &table.entries) {
            let name = match (entry.key.as_str(), entry.node.as_text()) {
                (LOCAL | "my-controller" | "same-manufacturer", _) => entry.key.clone(),
                ("controller", Some(name)) => name.to_owned(),
                ("manufacturer" | "model", Some(name)) => format!("{}:{name}", entry.key),
                _ => continue,
            };
            said = true;
            self.named(&name, mud);
        }
        mud.anywhere |= !said;
    }

    /// The networks behind a name.
    fn named(&mut self, name: &str, mud: &mut Mud) {
        match self.networks.get(name) {
            Some(networks) => mud.destinations.extend(networks),
            None if name == LOCAL => mud.destinations.extend(LOCAL_NETWORKS.iter().filter_map(|text| network_of(text))),
            None => {
                mud.unresolved.insert(name.to_owned());
            }
        }
        self.used.insert(name.to_owned());
    }

    /// Which ports an entry lets others connect to. Answers to what the device began are none.
    fn ports(&mut self, matches: &Node, mud: &mut Mud) {
        for protocol in ["tcp", "udp"] {
            let Some(layer) = matches.as_table().and_then(|table| table.get(protocol)).and_then(Node::as_table) else {
                continue;
            };
            let begun = layer.get("ietf-mud:direction-initiated").and_then(Node::as_text);
            let Some(port) = layer.get("destination-port").filter(|_| begun != Some("from-device")) else { continue };
            let number =
                |name: &str| port.as_table()?.get(name)?.to_json().as_u64().and_then(|n| u16::try_from(n).ok());
            let operator = port.as_table().and_then(|table| table.get("operator")).and_then(Node::as_text);
            let range = match (operator, number("port"), number("lower-port"), number("upper-port")) {
                (None | Some("eq"), Some(port), None, None) => port..=port,
                (None, None, Some(low), Some(high)) if low <= high => low..=high,
                _ => {
                    let message = "a port is `operator` eq with `port`, or `lower-port` and `upper-port` with numbers up to \
                                   65535; found something else";
                    self.error(port, message);
                    continue;
                }
            };
            if protocol == "tcp" { &mut mud.tcp_ports } else { &mut mud.udp_ports }.extend(range);
        }
    }

    /// What the profile cannot say.
    fn warn(&mut self, mud: &Mud) {
        let mut warn = |code: &str, message: String, help: &str| {
            self.problems.push(Problem::warning(code, None, message).help(help));
        };
        for name in &mud.unresolved {
            let message = format!("it talks to `{name}`, and no network of that name is known");
            warn(
                "NAME_UNRESOLVED",
                message,
                &format!("say `--resolve {name}=NETWORK`; until all are known, destinations are not watched"),
            );
        }
        if mud.anywhere {
            let message = "an entry lets it talk to anybody".to_owned();
            warn("DESTINATIONS_OPEN", message, "destinations are not watched");
        }
        for (what, ports) in [("TCP", &mud.tcp_ports), ("UDP", &mud.udp_ports)] {
            if ports.len() > PORTS_MAX {
                let message = format!("{} {what} ports are open", ports.len());
                warn("PORTS_OPEN", message, &format!("more than {PORTS_MAX} are not watched"));
            }
        }
        for name in self.networks.keys().filter(|name| !self.used.contains(*name)) {
            let message = format!("nothing in the description is called `{name}`");
            let help = suggestion(name, self.used.iter().map(String::as_str)).unwrap_or_default();
            warn("NAME_UNUSED", message, &help);
        }
    }
}

impl Mud {
    /// What a device does beyond its archetype, as `overrides` of a `[[class]]`.
    pub fn overrides(&self) -> String {
        let ports = |ports: &BTreeSet<u16>| {
            let few = ports.iter().take(PORTS_MAX).map(u16::to_string).collect::<Vec<_>>();
            format!("[{}]", few.join(", "))
        };
        let mut overrides = format!("tcp-ports = {}, udp-ports = {}", ports(&self.tcp_ports), ports(&self.udp_ports));
        if !self.destinations.is_empty() {
            let networks: Vec<String> = self.destinations.iter().map(|network| format!("\"{network}\"")).collect();
            overrides += &format!(", destinations = [{}]", networks.join(", "));
        }
        format!("{{ {overrides} }}")
    }

    /// What is normal for such a device, as `create-security-profile` takes it. A part that the description leaves open
    /// has no behavior.
    pub fn profile(&self) -> serde_json::Value {
        let behavior = |name: &str, metric: &str, operator: &str, value: serde_json::Value| {
            json!({
                "name": name,
                "metric": metric,
                "criteria": {
                    "comparisonOperator": operator,
                    "value": value,
                    "consecutiveDatapointsToAlarm": 1,
                    "consecutiveDatapointsToClear": 1,
                },
            })
        };
        let mut behaviors = Vec::new();
        for (protocol, ports) in [("tcp", &self.tcp_ports), ("udp", &self.udp_ports)] {
            let name = format!("Listening{}Ports", if protocol == "tcp" { "Tcp" } else { "Udp" });
            // A set of no ports is none that the service takes; no open port is a number.
            if ports.is_empty() {
                let metric = format!("aws:num-listening-{protocol}-ports");
                behaviors.push(behavior(&name, &metric, "less-than-equals", json!({ "count": 0 })));
            } else if ports.len() <= PORTS_MAX {
                let metric = format!("aws:listening-{protocol}-ports");
                behaviors.push(behavior(&name, &metric, "in-port-set", json!({ "ports": ports })));
            }
        }
        if self.unresolved.is_empty() && !self.anywhere && !self.destinations.is_empty() {
            let cidrs: Vec<String> = self.destinations.iter().map(IpNet::to_string).collect();
            let value = json!({ "cidrs": cidrs });
            behaviors.push(behavior("Destinations", "aws:destination-ip-addresses", "in-cidr-set", value));
        }
        json!({
            "securityProfileName": self.name,
            "securityProfileDescription": "What the manufacturer usage description allows",
            "behaviors": behaviors,
        })
    }
}

/// A network, or a single address, without the bits of a host.
fn network_of(text: &str) -> Option<IpNet> {
    cidr(text).map(|network| network.trunc())
}

/// A text without line breaks and other control characters.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Letters, digits and hyphens of a name, in lower case; `device` if there are none.
fn slug(name: &str) -> String {
    let kept: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = kept.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(64).collect();
    if name.is_empty() { "device".into() } else { name }
}

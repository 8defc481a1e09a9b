//! What every number means, in words: the reader's copy of the definitions that `lab` computes by.

/// A term with its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its anchor: `report.html#def-ID`.
    pub id: &'static str,
    /// The term.
    pub term: &'static str,
    /// Its definition.
    pub definition: &'static str,
}

/// All terms, in the order in which a reader meets them.
pub const TERMS: &[Term] = &[
    Term {
        id: "attack-window",
        term: "Attack window",
        definition: "On each attacked device, from the attack's onset there to its planned end plus a grace period. The \
                     grace is, behavior by behavior, its duration × datapoints to clear, unless chosen otherwise.",
    },
    Term {
        id: "detected",
        term: "Detected",
        definition: "An in-alarm event inside the attack window. Strict, the default: of a behavior on a metric that the \
                     attack disturbs. Lenient: of any behavior. However often a device rings, it is detected once.",
    },
    Term {
        id: "recall",
        term: "Recall",
        definition: "Attacked devices detected, of all attacked devices; a device hit by two attacks counts twice. With \
                     the 95 % Wilson interval. For a single behavior: by its own alarms, of the devices that it watches \
                     of the attacks that disturb its metric.",
    },
    Term {
        id: "precision",
        term: "Precision",
        definition: "True alarm episodes of the true and false ones together. Alarms raised inside an attack window on a \
                     metric that the attack does not disturb are in neither number. With the 95 % Wilson interval.",
    },
    Term {
        id: "f1",
        term: "F1",
        definition: "The harmonic mean of precision and recall; n/a if either is, 0 if both are 0.",
    },
    Term {
        id: "detection-time",
        term: "Detection time",
        definition: "Time of a device's first strict in-alarm event minus the attack's onset on it, over detected \
                     devices. Quantiles come from a histogram of three significant digits. MTTD is its mean.",
    },
    Term {
        id: "first-observable",
        term: "First-observable time",
        definition: "When the first datapoint that the attack disturbs is complete: no detector could know earlier.",
    },
    Term {
        id: "watched",
        term: "Watched",
        definition: "A behavior watches the devices that its profile's targets covered at the start. An attacked device \
                     that no behavior on a disturbed metric watches counts as missed.",
    },
    Term {
        id: "survival",
        term: "Survival curve",
        definition: "The Kaplan–Meier estimate of the share of attacked devices still undetected after a time since \
                     onset. A device never detected is censored when its attack window closed or the run ended.",
    },
    Term {
        id: "floor",
        term: "Floor",
        definition: "Report interval (for metrics that the device reports) + duration × datapoints to alarm: how long the \
                     worst-timed onset waits, however low the threshold.",
    },
    Term {
        id: "reset-time",
        term: "Reset time",
        definition: "From the moment the attack stopped on a device (contained, or its own end) until the true alarm \
                     ended. Alarms that ended sooner are left out; those still standing are counted apart.",
    },
    Term {
        id: "alarms-per-day",
        term: "Alarms per day",
        definition: "All alarm episodes of the run per day, suppressed behaviors included. An episode counts once, from \
                     in-alarm to cleared or invalidated.",
    },
    Term {
        id: "false-alarm",
        term: "False alarm",
        definition: "An alarm episode raised on a device outside every attack window. Given per day, per 1,000 \
                     device-days and per device-year of 365.25 days, with the exact (Garwood) 95 % Poisson interval. \
                     Alarms that come in bursts vary more than that interval says.",
    },
    Term {
        id: "false-positive-rate",
        term: "False-positive devices",
        definition: "Of the devices that a behavior watches and nobody attacked, those on which it raised at least one \
                     alarm. Against recall it makes the receiver operating characteristic (ROC).",
    },
    Term {
        id: "detection-limit",
        term: "Detection limit",
        definition: "The smallest intensity of an attack from which on a setting detects at least 95 % of the attacked \
                     devices that it watches, among the intensities that were tried.",
    },
    Term {
        id: "cause",
        term: "Cause of a false alarm",
        definition: "The first that applies: self-inflicted (our own mitigation changed the device), fault (the defence \
                     was broken), confounder (an innocent event that looks guilty), plain (ordinary variation).",
    },
    Term {
        id: "built-in-share",
        term: "Built-in share",
        definition: "For statistical thresholds: the share of device-windows that lies outside by construction. A p99 \
                     threshold puts 1 % outside whatever the fleet does.",
    },
    Term {
        id: "incident",
        term: "Incident",
        definition: "What one analyst opens one ticket for: a chain of alerted alarms of one behavior, each raised within 30 \
                     minutes of the one before (unless chosen otherwise). The queue serves them first come, first \
                     served, 15 minutes each.",
    },
    Term {
        id: "audit-recall",
        term: "Found (audit recall)",
        definition: "Seeded defects with an unsuppressed finding of the right check, on the right device or resource, \
                     while the defect lasted, of all seeded defects. A check that is off, or ran too early, misses.",
    },
    Term {
        id: "audit-precision",
        term: "Audit precision",
        definition: "Distinct unsuppressed findings that name a seeded defect, of all distinct unsuppressed findings. A \
                     finding repeated by every audit counts once.",
    },
    Term {
        id: "coverage",
        term: "Remediation coverage",
        definition: "Attacked devices on which an action effective against that attack's channel took hold before the \
                     attack's end and was not taken back while it lasted, of all attacked devices.",
    },
    Term {
        id: "time-to-contain",
        term: "Time to contain",
        definition: "From the attack's onset on a device until such an action took hold. MTTR counts from the alarm \
                     instead; MTTA from the alarm until a response started.",
    },
    Term {
        id: "removed",
        term: "Removed (defects)",
        definition: "Devices with the defect, or its one resource, on which a measure removed it before the run's end; \
                     timed from the defect's onset.",
    },
    Term {
        id: "dwell",
        term: "Dwell time",
        definition: "From onset until the attack was contained on the device, or until its own end if it was not; over \
                     all attacked devices.",
    },
    Term {
        id: "harm",
        term: "Harm",
        definition: "What the attack did, in its own unit; averted harm is what it would have done unhindered, less that. \
                     Units are never added together.",
    },
    Term {
        id: "collateral",
        term: "Collateral",
        definition: "Devices that the response hit before any attack had begun on them, and the hours they spent \
                     restricted. An action set off by a finding does not count against a device with a seeded defect.",
    },
    Term {
        id: "rotation",
        term: "Rotated in time",
        definition: "Targets of the job whose certificate was replaced before the old one expired. Outage is the time \
                     that devices spent without a valid certificate.",
    },
    Term {
        id: "gap",
        term: "Not answered",
        definition: "Not exercised: nothing in the scenario calls for the control. No expectation: no control is meant to \
                     see the act. Not judged: there was no data. Thin evidence: fewer than ten events. None of these is \
                     a success.",
    },
];

#[cfg(test)]
mod tests {
    use super::TERMS;

    #[test]
    fn ids_are_unique() {
        for (i, term) in TERMS.iter().enumerate() {
            assert!(TERMS[..i].iter().all(|other| other.id != term.id), "{} twice", term.id);
        }
    }
}

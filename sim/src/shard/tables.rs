//! What a class of devices does, as tables: built once, shared by all shards.

use defender::detect::columns::{Column, Program};
use defender::time::{Millis, Timestamp};

use super::modes::ModeTables;
use super::transit::AMOUNTS;
use crate::sampler::{AliasTables, Ladder, MessageSizes, Quantile, Table, octave_steps};
use crate::scenario::{Archetype, Traffic};

/// Overhead of a message beside its payload \[bytes\]: MQTT, TLS, TCP and IP headers.
pub(super) const MESSAGE_OVERHEAD: u64 = 98;
/// Bytes of a bare acknowledgement.
pub(super) const ACKNOWLEDGEMENT: u64 = 52;
/// How far a device's own factor may lie from the median, in standard deviations.
const HETEROGENEITY_CUT: f64 = 3.5;

/// The tables of one class.
#[derive(Debug)]
pub(crate) struct ClassTables {
    pub alias: AliasTables,
    pub sent: Hourly,
    pub received: Hourly,
    pub packets_out: Hourly,
    pub packets_in: Hourly,
    /// Bytes per message out and in, per background packet out and in, and per acknowledgement; times 1.
    pub message_out: u64,
    pub message_in: u64,
    pub packet_out: u64,
    pub packet_in: u64,
    pub acknowledgement: u64,
    pub noise_out: Quantile,
    pub noise_in: Quantile,
    pub sizes: MessageSizes,
    /// A word below the first is a reconnect, below the second a refused request.
    pub reconnect_below: u32,
    pub failure_below: u32,
    /// Number of extra established connections: how many of these the word lies below.
    pub extra_connections: [u32; 4],
    /// The device is awake in a window if its word lies below; `None`: always.
    pub awake_below: Option<u32>,
    /// Ticks between the agent's reports; `None` without an agent.
    pub report_every: Option<u64>,
    pub tcp_ports: u32,
    pub udp_ports: u32,
    /// What its devices do now and then beside all this; `None`: nothing.
    pub modes: Option<ModeTables>,
    /// Local hour of the week of each tick of the run.
    hour_of_week: Vec<u8>,
    /// Spread of the device factor, for drawing device steps.
    pub heterogeneity: f64,
}

/// A count whose rate follows the hour of the week.
#[derive(Debug)]
pub(crate) struct Hourly {
    ladder: Ladder,
    steps: Vec<i16>,
}

impl Hourly {
    fn new(traffic: &Traffic, share: f64, heterogeneity: f64, alias: &mut AliasTables) -> Hourly {
        let days = (0..7).map(|day| if day >= 5 { traffic.weekend } else { 1.0 });
        let week_mean = (5.0 + 2.0 * traffic.weekend) / 7.0;
        let steps: Vec<i16> = days
            .flat_map(|day| traffic.hours.iter().map(move |hour| octave_steps(hour * day / week_mean) as i16))
            .collect();
        let spread = octave_steps(libm::exp(HETEROGENEITY_CUT * heterogeneity));
        let lowest = i32::from(*steps.iter().min().expect("168 hours")) - spread;
        let highest = i32::from(*steps.iter().max().expect("168 hours")) + spread;
        // Rates far below one in a million ticks are zero for all purposes.
        let floor = octave_steps(1e-6 / (traffic.mean * share).max(1e-9));
        // The mean over devices of a log-normal factor is exp(σ²/2); the base takes it back out.
        let base = traffic.mean * share * libm::exp(-heterogeneity * heterogeneity / 2.0);
        Hourly { ladder: Ladder::new(base, traffic.dispersion, lowest.max(floor.min(highest)), highest, alias), steps }
    }

    /// The table of an hour of the week (0 is Monday, midnight) and of a device's own step.
    #[inline]
    pub fn at<'a>(&self, hour: usize, step: i16, alias: &'a AliasTables) -> Table<'a> {
        alias.table(self.ladder.rung(i32::from(self.steps[hour]) + i32::from(step)))
    }
}

/// A share of 2³² as a threshold for 32-bit words.
pub(super) fn word_below(probability: f64) -> u32 {
    (probability.clamp(0.0, 1.0) * 4_294_967_295.0).round() as u32
}

impl ClassTables {
    /// Tables for an archetype in a time zone, for a run from `start` with `ticks` ticks.
    pub fn new(
        archetype: &Archetype,
        time_zone: &jiff::tz::TimeZone,
        start: Timestamp,
        ticks: u64,
        tick: Millis,
    ) -> ClassTables {
        let share = tick.0 as f64 / 300_000.0;
        let per_tick = tick.0 as f64 / Millis::DAY.0 as f64;
        let mut alias = AliasTables::default();
        let spread = archetype.heterogeneity;
        let mut hourly = |traffic| Hourly::new(traffic, share, spread, &mut alias);
        let (sent, received) = (hourly(&archetype.sent), hourly(&archetype.received));
        let (packets_out, packets_in) = (hourly(&archetype.packets_out), hourly(&archetype.packets_in));
        let sizes = MessageSizes::new(archetype.message_size);
        let mean =
            |size: crate::scenario::Size| (size.median * libm::exp(size.spread * size.spread / 2.0)).min(size.maximum);
        // Many packets average their sizes out: the spread of a window's bytes shrinks with their number.
        let noise = |spread: f64, packets: f64| Quantile::factor((spread / libm::sqrt(packets.max(1.0))).max(0.02));
        let reconnect = archetype.reconnects_per_day * per_tick;
        let failure = archetype.authorization_failures_per_day * per_tick;
        let more = |n: i32| {
            // Poisson tail P(X ≥ n) of the number of extra connections.
            let mean = archetype.extra_connections;
            let below: f64 = (0..n)
                .map(|k| libm::exp(-mean) * libm::pow(mean, f64::from(k)) / libm::tgamma(f64::from(k) + 1.0))
                .sum();
            word_below((1.0 - below).max(0.0))
        };
        ClassTables {
            sent,
            received,
            message_out: libm::round(sizes.mean() + MESSAGE_OVERHEAD as f64) as u64,
            message_in: libm::round(sizes.mean() * 0.5 + MESSAGE_OVERHEAD as f64) as u64,
            packet_out: libm::round(mean(archetype.packet_size_out)) as u64,
            packet_in: libm::round(mean(archetype.packet_size_in)) as u64,
            acknowledgement: ACKNOWLEDGEMENT,
            noise_out: noise(
                archetype.packet_size_out.spread,
                (archetype.packets_out.mean + archetype.sent.mean) * share,
            ),
            noise_in: noise(
                archetype.packet_size_in.spread,
                (archetype.packets_in.mean + archetype.received.mean) * share,
            ),
            packets_out,
            packets_in,
            sizes,
            reconnect_below: word_below(reconnect),
            failure_below: word_below(reconnect + failure),
            extra_connections: [more(1), more(2), more(3), more(4)],
            awake_below: (archetype.duty < 1.0).then(|| word_below(archetype.duty)),
            report_every: archetype.report_interval.map(|interval| ((interval.0 + tick.0 / 2) / tick.0).max(1) as u64),
            tcp_ports: archetype.tcp_ports.len() as u32,
            udp_ports: archetype.udp_ports.len() as u32,
            modes: ModeTables::new(&archetype.modes),
            hour_of_week: (0..ticks).map(|i| hour_of_week(start + Millis(tick.0 * i as i64), time_zone)).collect(),
            heterogeneity: spread,
            alias,
        }
    }

    /// The local hour of the week of a tick of the run.
    #[inline]
    pub fn hour(&self, tick: u64) -> usize {
        usize::from(self.hour_of_week[tick as usize])
    }

    /// A device's own ladder steps, from its standard normal draw.
    pub fn device_step(&self, normal: f64) -> i16 {
        let cut = normal.clamp(-HETEROGENEITY_CUT, HETEROGENEITY_CUT);
        octave_steps(libm::exp(cut * self.heterogeneity)) as i16
    }
}

fn hour_of_week(time: Timestamp, zone: &jiff::tz::TimeZone) -> u8 {
    let instant = jiff::Timestamp::from_millisecond(time.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let local = zone.to_datetime(instant);
    local.weekday().to_monday_zero_offset() as u8 * 24 + local.hour() as u8
}

/// Which columns some rule reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub traffic: bool,
    pub largest: bool,
    pub smallest: bool,
    pub message_bytes: bool,
    pub disconnect_minutes: bool,
    /// Numbers of listening ports.
    pub ports: bool,
}

impl Needs {
    /// What some program of several reads.
    pub fn of<'a>(programs: impl IntoIterator<Item = &'a Program>) -> Needs {
        let columns: Vec<Column> = programs.into_iter().flat_map(Program::columns).map(Column::whole).collect();
        let reads = |column| columns.contains(&column);
        Needs {
            traffic: AMOUNTS.into_iter().any(reads),
            largest: reads(Column::LargestMessage),
            smallest: reads(Column::SmallestMessage),
            message_bytes: reads(Column::MessageBytes),
            disconnect_minutes: reads(Column::DisconnectMinutes),
            ports: reads(Column::ListeningTcpPorts) || reads(Column::ListeningUdpPorts),
        }
    }

    /// Everything, for runs whose telemetry is compared with others'.
    pub const ALL: Needs = Needs {
        traffic: true,
        largest: true,
        smallest: true,
        message_bytes: true,
        disconnect_minutes: true,
        ports: true,
    };
}

#[cfg(test)]
mod statistics;

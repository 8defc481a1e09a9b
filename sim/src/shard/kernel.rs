//! The inner loops: a tick of ordinary behavior for a run of devices of one class.
//!
//! Each loop does one thing to a few columns. Sampling is most of a run's cost, and most of that is table look-ups:
//! so words are drawn two to a mix, and a class's tables (a few hundred kilobytes) are used for a whole run of
//! lanes before the next class's come in.

use std::ops::Range;

use defender::detect::columns::{Column, Tick};

use super::tables::{ClassTables, Needs};
use crate::dice::{Purpose, draw, salt};

/// What the loops read of a shard.
pub(super) struct Devices<'a> {
    pub keys: &'a [u64],
    pub steps: &'a [i16],
    /// Lanes by rate: neighbours in this order use the same table, which then stays in the first-level cache.
    pub order: &'a [u16],
}

/// Fills the columns of one run of lanes with an ordinary tick. `number` is the tick's number since the epoch, the
/// address of its draws; `hour` the local hour of the week.
pub(super) fn ordinary(
    devices: &Devices<'_>,
    lanes: Range<usize>,
    tables: &ClassTables,
    needs: Needs,
    number: u64,
    hour: usize,
    tick: &mut Tick,
) {
    messages(devices, lanes.clone(), tables, number, hour, tick);
    sessions(devices, lanes.clone(), tables, number, tick);
    if tables.report_every.is_some() {
        if needs.traffic {
            traffic(devices, lanes.clone(), tables, number, hour, tick);
        }
        tick.column_mut(Column::ListeningTcpPorts)[lanes.clone()].fill(tables.tcp_ports);
        tick.column_mut(Column::ListeningUdpPorts)[lanes.clone()].fill(tables.udp_ports);
    }
    if needs.largest || needs.smallest || needs.message_bytes {
        sizes(devices, lanes, tables, needs, number, tick);
    }
}

/// Takes two columns out, to be written while others are read; put back at the end of the loop.
fn pair(tick: &mut Tick, first: Column, second: Column) -> (Vec<u32>, Vec<u32>) {
    (std::mem::take(&mut tick.numbers[first.index()]), std::mem::take(&mut tick.numbers[second.index()]))
}

fn messages(
    devices: &Devices<'_>,
    lanes: Range<usize>,
    tables: &ClassTables,
    number: u64,
    hour: usize,
    tick: &mut Tick,
) {
    let salt = salt(Purpose::Messages, number);
    let (sent_ladder, sent_step) = tables.sent.at(hour);
    let (received_ladder, received_step) = tables.received.at(hour);
    let (mut sent, mut received) = pair(tick, Column::Sent, Column::Received);
    for lane in &devices.order[lanes] {
        let lane = usize::from(*lane);
        let word = draw(devices.keys[lane], salt);
        let step = i32::from(devices.steps[lane]);
        sent[lane] = tables.alias.sample(sent_ladder.rung(sent_step + step), word as u32);
        received[lane] = tables.alias.sample(received_ladder.rung(received_step + step), (word >> 32) as u32);
    }
    tick.numbers[Column::Sent.index()] = sent;
    tick.numbers[Column::Received.index()] = received;
}

fn traffic(
    devices: &Devices<'_>,
    lanes: Range<usize>,
    tables: &ClassTables,
    number: u64,
    hour: usize,
    tick: &mut Tick,
) {
    let (packet_salt, noise_salt) = (salt(Purpose::Packets, number), salt(Purpose::Noise, number));
    let (out_ladder, out_step) = tables.packets_out.at(hour);
    let (in_ladder, in_step) = tables.packets_in.at(hour);
    let (mut packets_out, mut packets_in) = pair(tick, Column::PacketsOut, Column::PacketsIn);
    let (mut bytes_out, mut bytes_in) = pair(tick, Column::BytesOut, Column::BytesIn);
    let (sent, received) = (&tick.numbers[Column::Sent.index()], &tick.numbers[Column::Received.index()]);
    for lane in &devices.order[lanes] {
        let lane = usize::from(*lane);
        let key = devices.keys[lane];
        let step = i32::from(devices.steps[lane]);
        let (word, noise) = (draw(key, packet_salt), draw(key, noise_salt));
        let background_out = tables.alias.sample(out_ladder.rung(out_step + step), word as u32);
        let background_in = tables.alias.sample(in_ladder.rung(in_step + step), (word >> 32) as u32);
        let (out, inward) = (u64::from(sent[lane]), u64::from(received[lane]));
        packets_out[lane] = background_out + sent[lane] + received[lane];
        packets_in[lane] = background_in + sent[lane] + received[lane];
        let plain_out =
            out * tables.message_out + inward * tables.acknowledgement + u64::from(background_out) * tables.packet_out;
        let plain_in =
            inward * tables.message_in + out * tables.acknowledgement + u64::from(background_in) * tables.packet_in;
        let noisy = |plain: u64, factor: u32| ((plain * u64::from(factor)) >> 16).min(u64::from(u32::MAX)) as u32;
        bytes_out[lane] = noisy(plain_out, tables.noise_out.sample(noise as u32));
        bytes_in[lane] = noisy(plain_in, tables.noise_in.sample((noise >> 32) as u32));
    }
    tick.numbers[Column::PacketsOut.index()] = packets_out;
    tick.numbers[Column::PacketsIn.index()] = packets_in;
    tick.numbers[Column::BytesOut.index()] = bytes_out;
    tick.numbers[Column::BytesIn.index()] = bytes_in;
}

fn sessions(devices: &Devices<'_>, lanes: Range<usize>, tables: &ClassTables, number: u64, tick: &mut Tick) {
    let salt = salt(Purpose::Sessions, number);
    let (mut attempts, mut disconnects) = pair(tick, Column::ConnectionAttempts, Column::Disconnects);
    let (mut failures, mut established) = pair(tick, Column::AuthorizationFailures, Column::EstablishedConnections);
    let agent = u32::from(tables.report_every.is_some());
    let extra = tables.extra_connections;
    for lane in lanes {
        let word = draw(devices.keys[lane], salt);
        let (event, more) = (word as u32, (word >> 32) as u32);
        let reconnect = u32::from(event < tables.reconnect_below);
        attempts[lane] = reconnect;
        disconnects[lane] = reconnect;
        failures[lane] = u32::from(event < tables.failure_below) - reconnect;
        let connections = 1 + extra.iter().map(|below| u32::from(more < *below)).sum::<u32>();
        established[lane] = agent * connections;
    }
    tick.numbers[Column::ConnectionAttempts.index()] = attempts;
    tick.numbers[Column::Disconnects.index()] = disconnects;
    tick.numbers[Column::AuthorizationFailures.index()] = failures;
    tick.numbers[Column::EstablishedConnections.index()] = established;
}

fn sizes(devices: &Devices<'_>, lanes: Range<usize>, tables: &ClassTables, needs: Needs, number: u64, tick: &mut Tick) {
    let salt = salt(Purpose::MessageSize, number);
    let mean = libm::round(tables.sizes.mean()) as u32;
    for lane in lanes {
        let word = draw(devices.keys[lane], salt);
        let sent = tick.numbers[Column::Sent.index()][lane];
        if needs.largest {
            tick.numbers[Column::LargestMessage.index()][lane] = tables.sizes.largest(sent, word as u32);
        }
        if needs.smallest {
            tick.numbers[Column::SmallestMessage.index()][lane] = tables.sizes.smallest(sent, (word >> 32) as u32);
        }
        if needs.message_bytes {
            tick.numbers[Column::MessageBytes.index()][lane] = sent.saturating_mul(mean);
        }
    }
}

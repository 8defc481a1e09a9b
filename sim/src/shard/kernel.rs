//! The inner loops: a tick of ordinary behavior for a run of devices of one class.
//!
//! Sampling is most of a run's cost, and most of that is table look-ups. So lanes are visited by rate: those with the
//! same rate are *peers*, who draw from the same tables. What peers share is looked up once, and their draws are made in
//! blocks, each loop doing one thing to a few short arrays; only then are the numbers put where the lanes are.

use std::ops::Range;

use defender::detect::columns::{Column, Tick};

use super::Run;
use super::tables::{ClassTables, Hourly, Needs};
use crate::dice::{Purpose, draw, salt};
use crate::sampler::{Half, MessageSizes, Table};

/// Lanes that are sampled together: as many as fit the first-level cache with all that is drawn for them.
const BLOCK: usize = 64;

/// The lanes of a run, by rate.
#[derive(Debug)]
pub(super) struct Ranks {
    /// Where each stands in the shard.
    lanes: Vec<u16>,
    /// Their keys.
    keys: Vec<u64>,
    peers: Vec<Peers>,
}

/// Devices of a class with the same rate.
#[derive(Debug)]
struct Peers {
    /// Their own step on the ladder of rates.
    step: i16,
    /// Which of the ranks they are.
    ranks: Range<usize>,
}

impl Ranks {
    /// Ranks lanes by their devices' steps; both slices are the whole shard's.
    pub fn new(lanes: Range<usize>, keys: &[u64], steps: &[i16]) -> Ranks {
        let mut order: Vec<usize> = lanes.collect();
        order.sort_by_key(|lane| steps[*lane]);
        let mut first = 0;
        let peers = order.chunk_by(|a, b| steps[*a] == steps[*b]).map(|peers| {
            let ranks = first..first + peers.len();
            first = ranks.end;
            Peers { step: steps[peers[0]], ranks }
        });
        Ranks {
            peers: peers.collect(),
            keys: order.iter().map(|lane| keys[*lane]).collect(),
            lanes: order.iter().map(|lane| *lane as u16).collect(),
        }
    }
}

/// Fills the columns of one run of lanes with an ordinary tick. `keys` are those of the whole shard; `number` is the
/// tick's number since the epoch, the address of its draws; `index` that since the run's start.
pub(super) fn ordinary(
    keys: &[u64],
    Run { lanes, ranks, .. }: &Run,
    tables: &ClassTables,
    needs: Needs,
    number: u64,
    index: u64,
    tick: &mut Tick,
) {
    let hour = tables.hour(index);
    let traffic = needs.traffic && tables.report_every.is_some();
    let [messages, packets, noise, sizes] = [Purpose::Messages, Purpose::Packets, Purpose::Noise, Purpose::MessageSize]
        .map(|purpose| salt(purpose, number));
    let mean_size = libm::round(tables.sizes.mean()) as u32;
    for peers in &ranks.peers {
        let table = |hourly: &Hourly| hourly.at(hour, peers.step, &tables.alias);
        let (sent, received) = (table(&tables.sent), table(&tables.received));
        let (packets_out, packets_in) = (table(&tables.packets_out), table(&tables.packets_in));
        let keys = ranks.keys[peers.ranks.clone()].chunks(BLOCK);
        for (keys, lanes) in keys.zip(ranks.lanes[peers.ranks.clone()].chunks(BLOCK)) {
            let mut block = Block { keys, lanes, sent: [0; BLOCK], received: [0; BLOCK] };
            [block.sent, block.received] = block.counts([sent, received], messages);
            block.put(&block.sent, tick.column_mut(Column::Sent));
            block.put(&block.received, tick.column_mut(Column::Received));
            if traffic {
                block.traffic([packets_out, packets_in], tables, packets, noise, tick);
            }
            if needs.largest || needs.smallest {
                block.sizes(&tables.sizes, needs, sizes, tick);
            }
            if needs.message_bytes {
                block
                    .put(&block.sent.map(|sent| sent.saturating_mul(mean_size)), tick.column_mut(Column::MessageBytes));
            }
        }
    }
    if needs.ports && tables.report_every.is_some() {
        tick.column_mut(Column::ListeningTcpPorts)[lanes.clone()].fill(tables.tcp_ports);
        tick.column_mut(Column::ListeningUdpPorts)[lanes.clone()].fill(tables.udp_ports);
    }
    sessions(keys, lanes.clone(), tables, number, tick);
}

/// A few peers, and what was drawn for them.
struct Block<'a> {
    keys: &'a [u64],
    lanes: &'a [u16],
    sent: [u32; BLOCK],
    received: [u32; BLOCK],
}

impl Block<'_> {
    /// Puts numbers where the lanes are.
    #[inline]
    fn put(&self, values: &[u32; BLOCK], column: &mut [u32]) {
        for (lane, value) in self.lanes.iter().zip(values) {
            column[usize::from(*lane)] = *value;
        }
    }

    /// A word for each, in the order of the lanes.
    #[inline]
    fn words(&self, salt: u64) -> [u64; BLOCK] {
        let mut words = [0; BLOCK];
        self.keys.iter().zip(&mut words).for_each(|(key, word)| *word = draw(*key, salt));
        words
    }

    /// Two counts for each: with the lower halves of words from the first table, with the upper ones from the second.
    #[inline]
    fn counts(&self, tables: [Table<'_>; 2], salt: u64) -> [[u32; BLOCK]; 2] {
        let words = self.words(salt);
        let words = &words[..self.keys.len()];
        let [mut lower, mut upper] = [[0; BLOCK]; 2];
        tables[0].sample_all(words, Half::Lower, &mut lower);
        tables[1].sample_all(words, Half::Upper, &mut upper);
        [lower, upper]
    }

    #[inline]
    fn traffic(
        &self,
        packet_tables: [Table<'_>; 2],
        tables: &ClassTables,
        packet_salt: u64,
        noise_salt: u64,
        tick: &mut Tick,
    ) {
        let [mut packets_out, mut packets_in] = self.counts(packet_tables, packet_salt);
        let noise = self.words(noise_salt);
        let [mut factors_out, mut factors_in] = [[0; BLOCK]; 2];
        let peers = noise[..self.keys.len()].iter();
        for ((word, out), inward) in peers.zip(&mut factors_out).zip(&mut factors_in) {
            *out = tables.noise_out.sample(*word as u32);
            *inward = tables.noise_in.sample((word >> 32) as u32);
        }
        let [mut bytes_out, mut bytes_in] = [[0; BLOCK]; 2];
        let noisy = |plain: u64, factor: u32| ((plain * u64::from(factor)) >> 16).min(u64::from(u32::MAX)) as u32;
        for i in 0..self.keys.len().min(BLOCK) {
            let (sent, received) = (u64::from(self.sent[i]), u64::from(self.received[i]));
            let plain_out = sent * tables.message_out
                + received * tables.acknowledgement
                + u64::from(packets_out[i]) * tables.packet_out;
            let plain_in = received * tables.message_in
                + sent * tables.acknowledgement
                + u64::from(packets_in[i]) * tables.packet_in;
            bytes_out[i] = noisy(plain_out, factors_out[i]);
            bytes_in[i] = noisy(plain_in, factors_in[i]);
            packets_out[i] += self.sent[i] + self.received[i];
            packets_in[i] += self.sent[i] + self.received[i];
        }
        self.put(&packets_out, tick.column_mut(Column::PacketsOut));
        self.put(&packets_in, tick.column_mut(Column::PacketsIn));
        self.put(&bytes_out, tick.column_mut(Column::BytesOut));
        self.put(&bytes_in, tick.column_mut(Column::BytesIn));
    }

    #[inline]
    fn sizes(&self, sizes: &MessageSizes, needs: Needs, salt: u64, tick: &mut Tick) {
        let [mut largest, mut smallest] = [[0; BLOCK]; 2];
        let peers = self.keys.iter().zip(&self.sent);
        for (((key, sent), largest), smallest) in peers.zip(&mut largest).zip(&mut smallest) {
            let word = draw(*key, salt);
            if needs.largest {
                *largest = sizes.largest(*sent, word as u32);
            }
            if needs.smallest {
                *smallest = sizes.smallest(*sent, (word >> 32) as u32);
            }
        }
        if needs.largest {
            self.put(&largest, tick.column_mut(Column::LargestMessage));
        }
        if needs.smallest {
            self.put(&smallest, tick.column_mut(Column::SmallestMessage));
        }
    }
}

fn sessions(keys: &[u64], lanes: Range<usize>, tables: &ClassTables, number: u64, tick: &mut Tick) {
    let salt = salt(Purpose::Sessions, number);
    let agent = u32::from(tables.report_every.is_some());
    let extra = tables.extra_connections;
    const COLUMNS: [Column; 4] = [
        Column::ConnectionAttempts,
        Column::Disconnects,
        Column::AuthorizationFailures,
        Column::EstablishedConnections,
    ];
    // Lent out, to be written side by side.
    let mut columns = COLUMNS.map(|column| std::mem::take(&mut tick.numbers[column.index()]));
    let [attempts, disconnects, failures, established] = columns.each_mut().map(|column| &mut column[lanes.clone()]);
    let seen = attempts.iter_mut().zip(disconnects).zip(failures).zip(established);
    for (key, (((attempts, disconnects), failures), established)) in keys[lanes.clone()].iter().zip(seen) {
        let word = draw(*key, salt);
        let (event, more) = (word as u32, (word >> 32) as u32);
        let reconnect = u32::from(event < tables.reconnect_below);
        *attempts = reconnect;
        *disconnects = reconnect;
        *failures = u32::from(event < tables.failure_below) - reconnect;
        let connections = 1 + extra.iter().map(|below| u32::from(more < *below)).sum::<u32>();
        *established = agent * connections;
    }
    for (column, lent) in COLUMNS.into_iter().zip(columns) {
        tick.numbers[column.index()] = lent;
    }
}

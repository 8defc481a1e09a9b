//! Walker's alias method (Vose's construction) over integers: a draw costs one table line, whatever the rate.

/// A line of a table: 8 bytes.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Fractions below it keep the line's own value.
    threshold: u32,
    keep: u16,
    alias: u16,
}

/// Where a table lies among the [`AliasTables`], and how to read it.
#[derive(Clone, Copy, Debug)]
pub struct TableId {
    offset: u32,
    /// log₂ of the number of lines, at least 1.
    bits: u8,
    /// Values are multiples of this, spread evenly in between.
    scale: u32,
}

impl TableId {
    /// How many neighbouring values a drawn one stands for.
    pub fn scale(self) -> u32 {
        self.scale
    }
}

/// Which half of a 64-bit word a draw is made with.
#[derive(Clone, Copy, Debug)]
pub enum Half {
    /// The lower 32 bits.
    Lower,
    /// The upper 32 bits.
    Upper,
}

/// A table at hand: what is the same for all draws from it has been looked up.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    lines: &'a [Line],
    bits: u32,
    scale: u32,
}

impl Table<'_> {
    /// Draws with a uniform word.
    #[inline]
    pub fn sample(&self, word: u32) -> u32 {
        let line = self.lines[(word >> (32 - self.bits)) as usize];
        let value = if word << self.bits < line.threshold { line.keep } else { line.alias };
        u32::from(value) * self.scale + (((word & 0xFFFF) * self.scale) >> 16)
    }

    /// Draws with the lower halves of words, or with the upper ones.
    #[inline]
    pub fn sample_all(&self, words: &[u64], half: Half, values: &mut [u32]) {
        let shift = match half {
            Half::Lower => 0,
            Half::Upper => 32,
        };
        // Most tables count in ones: theirs is a loop without multiplications.
        if self.scale == 1 {
            let fine = Table { scale: 1, ..*self };
            words.iter().zip(values).for_each(|(word, value)| *value = fine.sample((word >> shift) as u32));
        } else {
            words.iter().zip(values).for_each(|(word, value)| *value = self.sample((word >> shift) as u32));
        }
    }
}

/// Many alias tables in one allocation.
#[derive(Clone, Debug, Default)]
pub struct AliasTables {
    lines: Vec<Line>,
}

impl AliasTables {
    /// Adds a table for the probabilities `pmf` of the values `0, 1, 2…`, which need not add up to 1 exactly. With
    /// `scale` s > 1 a drawn v stands for the values v·s … v·s + s − 1, all alike.
    ///
    /// Probabilities are rounded to multiples of 2⁻³² (the rounding error goes to the most likely value).
    ///
    /// # Panics
    /// If `pmf` is empty or longer than 65,536.
    pub fn add(&mut self, pmf: &[f64], scale: u32) -> TableId {
        assert!(!pmf.is_empty() && pmf.len() <= 1 << 16, "a table has 1 to 65,536 values");
        let bits = (usize::BITS - (pmf.len() - 1).leading_zeros()).max(1);
        let lines = 1usize << bits;
        let capacity = 1u64 << (32 - bits);
        let total: f64 = pmf.iter().sum();
        let mut weights: Vec<u64> = pmf.iter().map(|p| (p / total * 4_294_967_296.0).round() as u64).collect();
        weights.resize(lines, 0);
        let likely = weights.iter().enumerate().max_by_key(|(i, w)| (**w, usize::MAX - i)).map_or(0, |(i, _)| i);
        let surplus = weights.iter().sum::<u64>() as i64 - (1i64 << 32);
        weights[likely] = (weights[likely] as i64 - surplus) as u64;

        let mut table: Vec<Line> =
            (0..lines).map(|i| Line { threshold: u32::MAX, keep: i as u16, alias: i as u16 }).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..lines).rev().partition(|i| weights[*i] < capacity);
        while let (Some(poor), Some(rich)) = (small.pop(), large.last().copied()) {
            // Fractions are compared in units of the whole word: a line's share of its capacity times 2³².
            table[poor].threshold = (weights[poor] << bits) as u32;
            table[poor].alias = rich as u16;
            weights[rich] -= capacity - weights[poor];
            if weights[rich] < capacity {
                large.pop();
                small.push(rich);
            }
        }
        let offset = self.lines.len() as u32;
        self.lines.extend(table);
        TableId { offset, bits: bits as u8, scale }
    }

    /// A table, for drawing from it many times.
    #[inline]
    pub fn table(&self, id: TableId) -> Table<'_> {
        let start = id.offset as usize;
        Table { lines: &self.lines[start..start + (1 << id.bits)], bits: u32::from(id.bits), scale: id.scale }
    }

    /// Draws from a table with a uniform word.
    #[inline]
    pub fn sample(&self, table: TableId, word: u32) -> u32 {
        self.table(table).sample(word)
    }

    /// The exact probability with which a table gives each value before scaling.
    pub fn probabilities(&self, table: TableId) -> Vec<f64> {
        let lines = 1usize << table.bits;
        let mut weights = vec![0u64; lines];
        let whole = 1u64 << 32;
        for line in &self.lines[table.offset as usize..table.offset as usize + lines] {
            let kept = if line.keep == line.alias { whole } else { u64::from(line.threshold) };
            weights[line.keep as usize] += kept;
            weights[line.alias as usize] += whole - kept;
        }
        weights.into_iter().map(|w| w as f64 / (whole as f64 * lines as f64)).collect()
    }

    /// Bytes that the tables take.
    pub fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_back_its_probabilities() {
        for pmf in [vec![1.0], vec![0.5, 0.5], vec![0.98, 0.019, 0.001], vec![0.1, 0.2, 0.3, 0.25, 0.15]] {
            let mut tables = AliasTables::default();
            let table = tables.add(&pmf, 1);
            for (value, p) in tables.probabilities(table).iter().enumerate() {
                let wanted = pmf.get(value).copied().unwrap_or(0.0);
                assert!((p - wanted).abs() < 4e-9, "{pmf:?}: value {value} has {p}, wanted {wanted}");
            }
        }
    }

    #[test]
    fn every_word_of_a_coarse_grid_draws_in_proportion() {
        let mut tables = AliasTables::default();
        let table = tables.add(&[0.25, 0.5, 0.25], 1);
        let mut seen = [0u32; 4];
        for word in (0..=u32::MAX).step_by(1 << 16) {
            seen[tables.sample(table, word) as usize] += 1;
        }
        assert_eq!(seen, [16_384, 32_768, 16_384, 0]);
    }

    #[test]
    fn scaled_values_fill_the_gaps_evenly() {
        let mut tables = AliasTables::default();
        let table = tables.add(&[0.0, 1.0], 10);
        let mut seen = [0u32; 10];
        for word in (0..1u32 << 20).map(|i| i.wrapping_mul(0x9E37_79B9)) {
            seen[tables.sample(table, word) as usize - 10] += 1;
        }
        assert!(seen.iter().all(|n| n.abs_diff(104_857) < 1_200), "{seen:?}");
    }
}

//! Statistical tests of whether two samples differ by more than chance: numbers in, probabilities out.

/// Values on two sides, with the number of times that each value occurs on either side.
pub(super) struct Samples(Vec<(f64, [u64; 2])>);

/// Returns the probability that two sides with the same rate differ by as much as these: hits and misses of each.
/// Fisher's exact test, two-sided: the sum of all tables with these margins that are not more likely than this one.
pub(super) fn fisher_exact(one: [u64; 2], other: [u64; 2]) -> f64 {
    // Tables with the same likelihood may come out slightly above it, because of rounding.
    const ALIKE: f64 = 1.0 + 1e-7;
    // A likelihood below this part of the sum no longer changes it.
    const NOTHING: f64 = 1e-20;
    // Likelihoods of tables relative to the observed one, each computed from its neighbour, without factorials.
    let [[a, b], [c, d]] = [one, other].map(|side| side.map(|count| count as f64));
    let (mut all, mut unlikely) = (1.0, 1.0);
    let mut sum = |mut table: [f64; 4]| {
        let mut likelihood = 1.0;
        loop {
            let [a, b, c, d] = table;
            // One more hit here and one fewer there, until there is none left.
            let change = b * c / ((a + 1.0) * (d + 1.0));
            likelihood *= change;
            all += likelihood;
            // Beyond the most likely table, likelihoods only fall. An infinite sum, because other tables are far more
            // likely, also ends the loop.
            if change == 0.0 || (change < 1.0 && likelihood < NOTHING * all) || all.is_infinite() {
                return;
            }
            if likelihood <= ALIKE {
                unlikely += likelihood;
            }
            table = [a + 1.0, b - 1.0, c - 1.0, d + 1.0];
        }
    };
    sum([a, b, c, d]);
    sum([b, a, d, c]);
    (unlikely / all).min(1.0)
}

/// Corrects probabilities for their number by Benjamini and Hochberg's procedure, and returns them in their order. The
/// ones that are discoveries are those whose corrected probability is at most a chosen proportion: on average, at most
/// this proportion of them is false.
pub(super) fn corrected(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|one, other| probabilities[*other].total_cmp(&probabilities[*one]));
    let (mut corrected, mut least) = (vec![1.0; probabilities.len()], 1.0_f64);
    for (larger, index) in order.into_iter().enumerate() {
        let rank = probabilities.len() - larger;
        least = least.min(probabilities[index] * probabilities.len() as f64 / rank as f64);
        corrected[index] = least;
    }
    corrected
}

impl Samples {
    /// Creates samples from values and the number of times that each occurs, on either side.
    pub(super) fn new(sides: [&[(f64, u64)]; 2]) -> Self {
        let [one, other] = sides;
        let one = one.iter().map(|(value, count)| (*value, [*count, 0]));
        let other = other.iter().map(|(value, count)| (*value, [0, *count]));
        let mut all: Vec<(f64, [u64; 2])> = one.chain(other).collect();
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut values: Vec<(f64, [u64; 2])> = Vec::with_capacity(all.len());
        for (value, counts) in all {
            match values.last_mut() {
                Some(last) if last.0 == value => last.1 = plus(last.1, counts),
                _ => values.push((value, counts)),
            }
        }
        Self(values)
    }

    /// Returns the number of values on either side.
    pub(super) fn counts(&self) -> [u64; 2] {
        self.0.iter().fold([0, 0], |sum, (_, counts)| plus(sum, *counts))
    }

    /// Returns the probability that two sides without a difference differ by as much as these: Mann and Whitney's U,
    /// two-sided, by its normal approximation, corrected for ties and for continuity.
    pub(super) fn mann_whitney(&self) -> f64 {
        let [one, other] = self.counts().map(|count| count as f64);
        let all = one + other;
        let (mut before, mut ranks, mut ties) = (0.0, 0.0, 0.0);
        for (_, counts) in &self.0 {
            let [ours, theirs] = counts.map(|count| count as f64);
            let tied = ours + theirs;
            // Equal values share the middle of their ranks.
            ranks += ours * (before + (tied + 1.0) / 2.0);
            ties += tied.powi(3) - tied;
            before += tied;
        }
        let u = ranks - one * (one + 1.0) / 2.0;
        let variance = one * other / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
        // All values are equal, or there are none.
        if variance.is_nan() || variance <= 0.0 {
            return 1.0;
        }
        let away = ((u - one * other / 2.0).abs() - 0.5).max(0.0);
        libm::erfc(away / (2.0 * variance).sqrt())
    }

    /// Returns the probability that two sides whose slowest values are the same differ by as much as these: by Fisher's
    /// exact test of how many values of either side are above a quantile of both together. If no value is above it,
    /// those at it count too.
    pub(super) fn above_quantile(&self, part: f64) -> f64 {
        let [one, other] = self.counts();
        let rank = part * one.saturating_add(other) as f64;
        let mut below = [0, 0];
        for (_, counts) in &self.0 {
            let next = plus(below, *counts);
            let is_last = next == [one, other];
            if !is_last {
                below = next;
            }
            if is_last || (below[0] + below[1]) as f64 >= rank {
                break;
            }
        }
        fisher_exact([one - below[0], below[0]], [other - below[1], below[1]])
    }
}

fn plus(one: [u64; 2], other: [u64; 2]) -> [u64; 2] {
    [one[0].saturating_add(other[0]), one[1].saturating_add(other[1])]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.max(1e-4), "{found} is not {expected}");
    }

    /// The expected values are those of `scipy.stats.fisher_exact` of SciPy 1.17.1.
    #[test]
    fn fisher_is_as_in_scipy() {
        for (one, other, expected) in [
            ([8, 2], [1, 5], 0.034965034965034975),
            ([3, 1], [1, 3], 0.48571428571428565),
            ([100, 2], [1000, 5], 0.13007593634300163),
            ([5, 16], [20, 25], 0.17258649538129947),
            ([355, 5], [358, 2], 0.45083361538107497),
            ([360, 0], [340, 20], 1.4541832677137309e-06),
        ] {
            assert_near(fisher_exact(one, other), expected);
            assert_near(fisher_exact(other, one), expected);
        }
        // A million runs each: sums of many small numbers.
        let found = fisher_exact([999_000, 1000], [999_300, 700]);
        assert!((found / 3.5045130292936015e-13 - 1.0).abs() < 1e-6, "{found}");
        for empty in [[[0, 0], [3, 4]], [[5, 0], [7, 0]], [[0, 5], [0, 7]]] {
            assert_near(fisher_exact(empty[0], empty[1]), 1.0);
        }
        assert_eq!(fisher_exact([1_000_000, 0], [0, 1_000_000]), 0.0);
    }

    /// The expected values are those of `scipy.stats.mannwhitneyu(…, method="asymptotic")`.
    #[test]
    fn mann_whitney_is_as_in_scipy() {
        let samples = |one: &[(f64, u64)], other: &[(f64, u64)]| Samples::new([one, other]).mann_whitney();
        let each = |values: &[f64]| values.iter().map(|value| (*value, 1)).collect::<Vec<_>>();
        let (males, females) = (each(&[19.0, 22.0, 16.0, 29.0, 24.0]), each(&[20.0, 11.0, 17.0, 12.0]));
        assert_near(samples(&males, &females), 0.11134688653314041);
        let one = [(0.01, 30), (0.02, 50), (0.04, 20)];
        let other = [(0.01, 20), (0.02, 50), (0.04, 35), (0.08, 5)];
        assert_near(samples(&one, &other), 0.0032810860374518367);
        assert_near(samples(&one, &one), 1.0);
        assert_near(samples(&[(1.0, 50)], &[(1.0, 70)]), 1.0);
        assert_near(samples(&[], &one), 1.0);
    }

    /// The expected values are those of `scipy.stats.false_discovery_control`.
    #[test]
    fn probabilities_are_corrected_as_in_scipy() {
        let found = corrected(&[0.01, 0.04, 0.03, 0.005, 0.8]);
        for (found, expected) in found.into_iter().zip([0.025, 0.05, 0.05, 0.025, 0.8]) {
            assert_near(found, expected);
        }
        // A smaller probability is never corrected to a larger one.
        for found in corrected(&[0.04, 0.03]) {
            assert_near(found, 0.04);
        }
        assert_eq!(corrected(&[]), Vec::<f64>::new());
    }

    #[test]
    fn a_tail_is_found_that_the_middle_hides() {
        let (one, other) = ([(0.01, 360), (1.0, 1)], [(0.01, 340), (1.0, 21)]);
        let samples = Samples::new([&one, &other]);
        assert!(samples.above_quantile(0.95) < 1e-4);
        assert_near(Samples::new([&one, &one]).above_quantile(0.95), 1.0);
        // The slowest values are all equal, and more than one in twenty, so they count as above.
        let (fast, slow) = ([(0.01, 50), (1.0, 50)], [(0.01, 90), (1.0, 10)]);
        assert!(Samples::new([&fast, &slow]).above_quantile(0.95) < 1e-6);
        assert_near(Samples::new([&[], &[]]).above_quantile(0.95), 1.0);
    }

    proptest! {
        #[test]
        fn whatever_is_counted_has_a_probability(
            one in prop::collection::vec((0.0..1e6_f64, 0..u64::from(u32::MAX)), 0..20),
            other in prop::collection::vec((0.0..1e6_f64, 0..u64::from(u32::MAX)), 0..20),
        ) {
            let samples = Samples::new([&one, &other]);
            let probability = samples.mann_whitney();
            prop_assert!((0.0..=1.0).contains(&probability), "{probability}");
        }

        #[test]
        fn both_sides_are_alike_to_the_tests(
            counts in prop::array::uniform4(0..500_u64),
            part in 0.0..1.0_f64,
        ) {
            let [a, b, c, d] = counts;
            let probability = fisher_exact([a, b], [c, d]);
            prop_assert!((0.0..=1.0).contains(&probability), "{probability}");
            prop_assert!((probability - fisher_exact([c, d], [a, b])).abs() < 1e-9);
            prop_assert!((probability - fisher_exact([b, a], [d, c])).abs() < 1e-9);
            let samples = |one, other| Samples::new([one, other]);
            let (one, other) = ([(1.0, a), (2.0, b)], [(1.0, c), (2.0, d)]);
            let (here, there) = (samples(&one, &other), samples(&other, &one));
            prop_assert!((here.mann_whitney() - there.mann_whitney()).abs() < 1e-9);
            prop_assert!((here.above_quantile(part) - there.above_quantile(part)).abs() < 1e-9);
        }
    }
}

//! Comparing two environments: which cases are the same, and which differ by more than noise.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use orbital_model::{Pattern, Window};
use serde::Serialize;
use utoipa::ToSchema;

use crate::significance::{Samples, corrected, fisher_exact};
use crate::stats::{CaseStats, Latency, Stats};

/// The proportion of all marks that is noise, on average.
pub const LEVEL: f64 = 0.01;

/// The minimum number of deliveries on each side for testing a latency. With fewer, the normal approximation of the
/// test does not hold.
const FEWEST: u64 = 8;

/// The minimum difference of pass ratios that is marked. In large samples even the smallest difference is not noise.
const RATIO_APART: f64 = 0.01;

/// The minimum difference of latencies that is marked, as a proportion of the shorter one. The difference must also
/// reach `LATENCY_APART_AT_LEAST`.
const LATENCY_APART: f64 = 0.2;

/// The minimum difference of latencies that is marked. The difference must also reach `LATENCY_APART`.
const LATENCY_APART_AT_LEAST: Duration = Duration::from_millis(5);

/// The comparison of two environments.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Comparison {
    /// The names of the environments.
    pub environments: [String; 2],
    /// The window of the statistics of both environments.
    #[schema(value_type = String)]
    pub window: Window,
    /// The number of runs that each environment had in the window, without cancelled runs.
    pub runs: [u64; 2],
    /// All cases that are in both environments: those that differ first, and then by id.
    pub cases: Vec<CaseComparison>,
    /// Ids of the cases that are only in the first environment, and only in the second.
    pub only_in: [Vec<String>; 2],
    /// Names of the environments that return latencies without their distribution. Latencies are not tested then.
    pub without_buckets: Vec<String>,
}

/// The comparison of one case in both environments.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseComparison {
    /// The id of the case.
    pub id: String,
    /// Whether the environments differ in one of the findings.
    pub differs: bool,
    /// The statistics of the case in each environment.
    pub sides: [CaseSide; 2],
    /// The results of the tests. Aspects with too few samples are not tested.
    pub findings: Vec<Finding>,
}

/// The statistics of a case in one environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseSide {
    /// The proportion of runs that passed, without cancelled runs; `null` if there are none.
    #[schema(required)]
    pub pass_ratio: Option<f64>,
    /// The other statistics of the case.
    #[serde(flatten)]
    pub stats: CaseStats,
}

/// The result of a statistical test of both sides.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Finding {
    /// The aspect that was tested.
    pub aspect: Aspect,
    /// Whether the sides differ by more than noise, and by enough to matter.
    pub differs: bool,
    /// The probability that two sides that are the same differ by as much.
    pub probability: f64,
    /// The probability, corrected for the number of tests. A difference is significant at 0.01 or less.
    pub corrected: f64,
}

/// An aspect of a case that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The proportion of runs that pass, tested by Fisher's exact test.
    PassRatio,
    /// The median latency of deliveries, tested by Mann and Whitney's U.
    P50,
    /// The 95th percentile of the latency of deliveries. Fisher's exact test compares how many deliveries are above the
    /// percentile of both sides together.
    P95,
}

/// A finding before the number of the others is known.
struct Suspicion {
    aspect: Aspect,
    probability: f64,
    /// Whether the difference is large enough to matter.
    is_apart: bool,
}

impl Comparison {
    /// Compares the statistics of two hosts: those of all cases, or of those that match the pattern.
    pub fn new(
        environments: [String; 2],
        window: Window,
        stats: [Stats; 2],
        wanted: Option<&Pattern>,
    ) -> Self {
        let [one, mut other] = stats.map(|stats| by_id(stats, wanted));
        let runs = [&one, &other].map(|side| side.values().map(|case| case.runs.judged()).sum());
        let ids = [&one, &other].map(|side| side.keys().cloned().collect::<BTreeSet<_>>());
        let only_in =
            [(0, 1), (1, 0)].map(|(here, there)| ids[here].difference(&ids[there]).cloned().collect());
        let lacks = [&one, &other].map(|side| side.values().any(CaseStats::lacks_buckets));
        let without_buckets = environments.iter().zip(lacks).filter(|(_, lacks)| *lacks);
        let without_buckets = without_buckets.map(|(name, _)| name.clone()).collect();
        let pairs = one.into_iter().filter_map(|(id, here)| Some([here, other.remove(&id)?]));
        let (pairs, suspicions): (Vec<_>, Vec<_>) =
            pairs.map(|pair| (suspicions(&pair), pair)).map(swap).unzip();
        let all: Vec<f64> = suspicions.iter().flatten().map(|suspicion| suspicion.probability).collect();
        let mut corrected = corrected(&all).into_iter();
        let mut cases: Vec<CaseComparison> = pairs
            .into_iter()
            .zip(suspicions)
            .map(|(pair, suspicions)| {
                let judged = suspicions.into_iter().zip(&mut corrected);
                CaseComparison::new(
                    pair,
                    judged.map(|(suspicion, corrected)| suspicion.judge(corrected)).collect(),
                )
            })
            .collect();
        cases.sort_by_key(|case| !case.differs);
        Self { environments, window, runs, cases, only_in, without_buckets }
    }

    /// Returns the cases that differ.
    pub fn differing(&self) -> impl Iterator<Item = &CaseComparison> {
        self.cases.iter().filter(|case| case.differs)
    }
}

impl CaseComparison {
    fn new(sides: [CaseStats; 2], findings: Vec<Finding>) -> Self {
        let differs = findings.iter().any(|finding| finding.differs);
        let id = sides[0].id.clone();
        let sides = sides.map(|stats| CaseSide { pass_ratio: stats.runs.pass_ratio(), stats });
        Self { id, differs, sides, findings }
    }

    /// Returns whether the case differs by more than noise in this aspect.
    pub fn differs_in(&self, aspect: Aspect) -> bool {
        self.findings.iter().any(|finding| finding.aspect == aspect && finding.differs)
    }
}

impl Suspicion {
    fn judge(self, corrected: f64) -> Finding {
        let Self { aspect, probability, is_apart } = self;
        Finding { aspect, differs: is_apart && corrected <= LEVEL, probability, corrected }
    }
}

fn swap<A, B>((one, other): (A, B)) -> (B, A) {
    (other, one)
}

fn by_id(stats: Stats, wanted: Option<&Pattern>) -> BTreeMap<String, CaseStats> {
    let cases = stats.cases.into_iter();
    let cases = cases.filter(|case| wanted.is_none_or(|wanted| wanted.matches(&case.id)));
    cases.map(|case| (case.id.clone(), case)).collect()
}

/// Returns the tests of all aspects with enough samples.
fn suspicions(pair: &[CaseStats; 2]) -> Vec<Suspicion> {
    let mut found = Vec::new();
    let runs = pair.each_ref().map(|case| case.runs);
    if let [Some(one), Some(other)] = runs.map(super::Runs::pass_ratio) {
        let [here, there] = runs.map(|runs| [u64::from(runs.pass), runs.judged() - u64::from(runs.pass)]);
        found.push(Suspicion {
            aspect: Aspect::PassRatio,
            probability: fisher_exact(here, there),
            is_apart: (one - other).abs() >= RATIO_APART,
        });
    }
    if let [Some(one), Some(other)] = pair.each_ref().map(|case| case.latency.as_ref()) {
        let sides = [one, other].map(Latency::samples);
        let samples = Samples::new([&sides[0], &sides[1]]);
        if samples.counts().into_iter().all(|count| count >= FEWEST) {
            found.push(Suspicion {
                aspect: Aspect::P50,
                probability: samples.mann_whitney(),
                is_apart: are_apart(one.p50, other.p50),
            });
            found.push(Suspicion {
                aspect: Aspect::P95,
                probability: samples.above_quantile(0.95),
                is_apart: are_apart(one.p95, other.p95),
            });
        }
    }
    found
}

fn are_apart(one: Duration, other: Duration) -> bool {
    let apart = one.abs_diff(other);
    apart >= LATENCY_APART_AT_LEAST && apart.as_secs_f64() >= LATENCY_APART * one.min(other).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a case with these numbers of passed and failed runs, and of deliveries by their latency in milliseconds.
    fn case(id: &str, [pass, fail]: [u32; 2], milliseconds: &[(u32, u32)]) -> CaseStats {
        let all: u32 = milliseconds.iter().map(|(_, count)| count).sum();
        let quantile = |part: f64| {
            let mut below = 0;
            let at = milliseconds.iter().find(|(_, count)| {
                below += count;
                f64::from(below) >= part * f64::from(all)
            });
            Duration::from_millis(at.map_or(0, |(value, _)| u64::from(*value)))
        };
        let bucket = |(value, count): &(u32, u32)| (Some(f64::from(*value) / 1e3), *count);
        let latency = Latency {
            p50: quantile(0.5),
            p95: quantile(0.95),
            buckets: milliseconds.iter().map(bucket).collect(),
        };
        let runs = super::super::Runs { pass, fail, ..Default::default() };
        CaseStats { id: id.to_owned(), runs, flaky: 0, latency: (all > 0).then_some(latency) }
    }

    fn compare(one: Vec<CaseStats>, other: Vec<CaseStats>) -> Comparison {
        let names = ["staging", "production"].map(str::to_owned);
        Comparison::new(names, Window::DAY, [one, other].map(|cases| Stats { cases }), None)
    }

    fn marks(comparison: &Comparison) -> Vec<(&str, Vec<Aspect>)> {
        let aspects = |case: &CaseComparison| {
            let marked = case.findings.iter().filter(|finding| finding.differs);
            marked.map(|finding| finding.aspect).collect()
        };
        comparison.differing().map(|case| (case.id.as_str(), aspects(case))).collect()
    }

    #[test]
    fn what_differs_is_marked_and_comes_first() {
        let fast = [(10, 300), (20, 60)];
        let one = vec![case("a/same", [360, 0], &fast), case("b/fails", [330, 30], &fast)];
        let other = vec![case("a/same", [359, 1], &fast), case("b/fails", [360, 0], &fast)];
        let comparison = compare(one, other);
        assert_eq!(marks(&comparison), [("b/fails", vec![Aspect::PassRatio])]);
        assert_eq!(comparison.cases[0].id, "b/fails");
        assert_eq!(comparison.runs, [720, 720]);
    }

    #[test]
    fn a_slower_middle_and_a_slower_tail_are_told_apart() {
        let one = vec![
            case("a/middle", [99, 0], &[(10, 200), (100, 20)]),
            case("b/tail", [99, 0], &[(10, 320), (900, 20)]),
        ];
        let other = vec![
            case("a/middle", [99, 0], &[(20, 200), (100, 20)]),
            case("b/tail", [99, 0], &[(10, 339), (900, 1)]),
        ];
        assert_eq!(
            marks(&compare(one, other)),
            [("a/middle", vec![Aspect::P50]), ("b/tail", vec![Aspect::P95])]
        );
    }

    #[test]
    fn trifles_of_large_samples_are_not_marked() {
        let one = vec![case("a/a", [1_000_000, 5000], &[(10, 900_000), (13, 90_000)])];
        let other = vec![case("a/a", [1_000_000, 9000], &[(11, 900_000), (17, 90_000)])];
        let comparison = compare(one, other);
        assert!(comparison.cases[0].findings.iter().all(|finding| finding.corrected < 1e-6));
        assert_eq!(marks(&comparison), []);
    }

    #[test]
    fn large_differences_of_small_samples_are_not_marked() {
        let one = vec![case("a/a", [3, 0], &[(10, 3)])];
        let other = vec![case("a/a", [1, 2], &[(900, 3)])];
        let comparison = compare(one, other);
        assert_eq!(marks(&comparison), []);
        // There are too few deliveries to say anything.
        assert_eq!(comparison.cases[0].findings.len(), 1);
    }

    #[test]
    fn a_difference_that_one_of_many_cases_has_by_chance_is_not_marked() {
        let many = |failed: u32| {
            (0..100).map(move |n| case(&format!("a/{n}"), [100, if n == 7 { failed } else { 0 }], &[]))
        };
        // As the only case it would be marked: its probability is about 0.007 (SciPy).
        assert!(
            compare(many(8).skip(7).take(1).collect(), many(0).skip(7).take(1).collect()).cases[0].differs
        );
        assert_eq!(marks(&compare(many(8).collect(), many(0).collect())), []);
        assert_eq!(marks(&compare(many(30).collect(), many(0).collect())).len(), 1);
    }

    #[test]
    fn what_is_in_one_alone_is_listed_and_no_difference() {
        let comparison = compare(vec![case("a/a", [9, 0], &[])], vec![case("b/b", [0, 9], &[])]);
        assert_eq!(comparison.only_in, [vec!["a/a".to_owned()], vec!["b/b".to_owned()]]);
        assert_eq!((comparison.cases.len(), comparison.differing().count()), (0, 0));
    }

    #[test]
    fn a_case_without_a_run_that_counts_is_not_judged() {
        let comparison = compare(vec![case("a/a", [0, 0], &[])], vec![case("a/a", [0, 9], &[])]);
        assert!(comparison.cases[0].findings.is_empty());
        assert_eq!(comparison.cases[0].sides[0].pass_ratio, None);
    }
}

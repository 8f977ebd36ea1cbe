//! What is the same in two environments, and what differs by more than noise.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use orbital_model::{Pattern, Window};
use serde::Serialize;
use utoipa::ToSchema;

use crate::significance::{Samples, corrected, fisher_exact};
use crate::stats::{CaseStats, Latency, Stats};

/// Of all that is marked, this part is noise, on average.
pub const LEVEL: f64 = 0.01;

/// Fewer deliveries on one side say nothing of a latency: that it is about normal would not hold.
const FEWEST: u64 = 8;

/// The least difference of a pass ratio that is worth a mark. In large samples the smallest one is no noise.
const RATIO_APART: f64 = 0.01;

/// The same of a latency: this part of the shorter one, and
const LATENCY_APART: f64 = 0.2;

/// this long.
const LATENCY_APART_AT_LEAST: Duration = Duration::from_millis(5);

/// Two environments side by side.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Comparison {
    /// Their names.
    pub environments: [String; 2],
    /// What was looked at in both.
    #[schema(value_type = String)]
    pub window: Window,
    /// How many runs each has had in it.
    pub runs: [u64; 2],
    /// All cases that are in both, those that differ first, and then by id.
    pub cases: Vec<CaseComparison>,
    /// Ids of the cases that are in one alone.
    pub only_in: [Vec<String>; 2],
    /// Those of the two that say latencies, and not how they are distributed: latencies are not tested then.
    pub without_buckets: Vec<String>,
}

/// One case in both.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseComparison {
    /// Its id.
    pub id: String,
    /// Whether one of the findings does.
    pub differs: bool,
    /// What it comes to in each.
    pub sides: [CaseSide; 2],
    /// What was tested; nothing of which there is too little.
    pub findings: Vec<Finding>,
}

/// What a case comes to in an environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseSide {
    /// Of the runs that were not cancelled; none if there are none.
    #[schema(required)]
    pub pass_ratio: Option<f64>,
    /// The rest.
    #[serde(flatten)]
    pub stats: CaseStats,
}

/// What a test says of two sides.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Finding {
    /// Of what.
    pub aspect: Aspect,
    /// Whether it differs by more than noise, and by enough to matter.
    pub differs: bool,
    /// How probable it is that two sides which are the same differ by as much.
    pub probability: f64,
    /// The same, corrected for how much was tested: to be compared with [`LEVEL`].
    pub corrected: f64,
}

/// What of a case is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// How many of its runs pass: Fisher's exact test.
    PassRatio,
    /// The median of its deliveries' latency: Mann and Whitney's U.
    P50,
    /// The 95th percentile of it: Fisher's exact test of how many are above that of both sides together.
    P95,
}

/// A finding before it is known how many others there are.
struct Suspicion {
    aspect: Aspect,
    probability: f64,
    /// Whether there is enough of a difference to matter.
    is_apart: bool,
}

impl Comparison {
    /// Of what two hosts say: of all cases, or those that match.
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

    /// The cases that differ.
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

    /// Whether this differs by more than noise.
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

/// All that there is enough of to test it.
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

    /// A case with so many runs that passed and that failed, and deliveries that took so many milliseconds.
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
        // Alone it would be: its probability is about 0.007 (SciPy).
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

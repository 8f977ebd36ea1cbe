//! Records what its configuration says, and says what became of each value.

use orbital_sdk::prelude::*;

/// The script is lines such as `counter items_total 1.5 kind=new,size=`.
fn measure(t: &Test, script: &str) -> Result {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (kind, name, value, labels) = (word(), word(), word().parse::<f64>()?, word());
        let labels: Vec<(&str, &str)> = labels.split(',').filter_map(|label| label.split_once('=')).collect();
        let result = match kind {
            "counter" => t.counter(name, value, &labels),
            "gauge" => t.gauge(name, value, &labels),
            "histogram" => t.histogram(name, value, &labels),
            other => bail!("there is no kind `{other}`"),
        };
        t.info(match result {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("{error:?}"),
        });
    }
    Ok(())
}

#[case(every = "30d")]
fn first(t: &Test) -> Result {
    measure(t, &t.config("first").unwrap_or_default())
}

#[case(every = "30d")]
fn other(t: &Test) -> Result {
    measure(t, &t.config("other").unwrap_or_default())
}

suite!(first, other);

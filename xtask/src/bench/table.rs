//! A table of what was measured, with a row for each contestant.

use std::fmt;

/// Measured values: of each contestant, in each round.
pub(crate) struct Table {
    columns: &'static [&'static str],
    rows: Vec<Row>,
    base: Option<&'static str>,
}

struct Row {
    name: String,
    /// The values of each column.
    values: Vec<Vec<f64>>,
}

impl Table {
    pub(crate) fn new(columns: &'static [&'static str]) -> Self {
        Self { columns, rows: Vec::new(), base: None }
    }

    /// Adds a column with the ratio of the first column's values to those of this row.
    pub(crate) fn relative_to(mut self, row: &'static str) -> Self {
        self.base = Some(row);
        self
    }

    /// Adds the values of a round. A value that is not a number was not measured.
    pub(crate) fn add<const N: usize>(&mut self, row: &str, values: [f64; N]) {
        debug_assert_eq!(values.len(), self.columns.len());
        let index = self.rows.iter().position(|other| other.name == row).unwrap_or_else(|| {
            self.rows.push(Row { name: row.to_owned(), values: vec![Vec::new(); self.columns.len()] });
            self.rows.len() - 1
        });
        for (column, value) in self.rows[index].values.iter_mut().zip(values) {
            column.push(value);
        }
    }

    /// Returns the median of a row's values in a column; not a number if there are none.
    pub(crate) fn median(&self, row: &str, column: usize) -> f64 {
        let row = self.rows.iter().find(|other| other.name == row);
        row.map_or(f64::NAN, |row| spread(&row.values[column])[1])
    }

    /// Returns the ratio of the medians of two rows, in the first column.
    pub(crate) fn ratio(&self, row: &str, base: &str) -> f64 {
        self.median(row, 0) / self.median(base, 0)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "| |")?;
        for (index, column) in self.columns.iter().enumerate() {
            write!(formatter, " {column} |")?;
            if let Some(base) = self.base.filter(|_| index == 0) {
                write!(formatter, " × {base} |")?;
            }
        }
        let columns = self.columns.len() + usize::from(self.base.is_some());
        writeln!(formatter, "\n| --- |{}", " --- |".repeat(columns))?;
        for Row { name, values } in &self.rows {
            write!(formatter, "| {name} |")?;
            for (index, values) in values.iter().enumerate() {
                let spread = spread(values);
                let [least, median, most] = spread.map(number);
                if spread[1].is_nan() || values.len() == 1 {
                    write!(formatter, " {median} |")?;
                } else {
                    write!(formatter, " {least} / **{median}** / {most} |")?;
                }
                if let Some(base) = self.base.filter(|_| index == 0) {
                    write!(formatter, " {} |", number(self.ratio(name, base)))?;
                }
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

/// Returns minimum, median and maximum.
fn spread(values: &[f64]) -> [f64; 3] {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return [f64::NAN; 3] };
    [sorted[0], f64::midpoint(sorted[last / 2], sorted[last.div_ceil(2)]), sorted[last]]
}

/// Writes a number with three digits that count.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "–".to_owned(),
        0.0 => "0".to_owned(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_minimum_median_and_maximum_of_its_rounds() {
        let mut table = Table::new(&["CPU, µs", "p99, ms"]).relative_to("Go");
        for (fast, slow) in [(30.0, 100.0), (10.0, 200.0), (20.0, 300.0)] {
            table.add("orbital", [fast, f64::NAN]);
            table.add("Go", [slow, 1.25]);
        }
        assert_eq!(
            table.to_string(),
            "| | CPU, µs | × Go | p99, ms |\n\
             | --- | --- | --- | --- |\n\
             | orbital | 10.0 / **20.0** / 30.0 | 0.100 | – |\n\
             | Go | 100 / **200** / 300 | 1.00 | 1.25 / **1.25** / 1.25 |\n"
        );
        assert!(table.median("Rust", 0).is_nan());
    }

    #[test]
    fn a_median_of_two_is_between_them() {
        assert_eq!(spread(&[1.0, 3.0]), [1.0, 2.0, 3.0]);
        assert!(spread(&[f64::NAN])[1].is_nan());
    }
}

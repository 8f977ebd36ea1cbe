//! Plots of latency over time, drawn here: axes, lines and marks. The style sheet sets their colours.

use std::time::{Duration, SystemTime};

use maud::{Markup, PreEscaped, html};
use orbital_history::{Point, Rollup, Series};
use orbital_model::{Outcome, Window};
use plotters::prelude::{
    ChartBuilder, Circle, Cross, DashedLineSeries, IntoDrawingArea as _, IntoFont as _, LabelAreaPosition,
    LineSeries, RGBColor, SVGBackend,
};
use plotters::style::Color as _;

const SIZE: (u32, u32) = (900, 240);

// `assets/style.css` replaces these colours, depending on whether the reader prefers a light or a dark theme.
const AXIS: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const MEDIAN: RGBColor = RGBColor(3, 3, 3);
const BAD: RGBColor = RGBColor(4, 4, 4);
const TAIL: RGBColor = RGBColor(5, 5, 5);

/// Returns a plot of these deliveries; none if it cannot be drawn.
pub(super) fn latency(series: &Series, window: Window) -> Option<Markup> {
    let mut svg = String::new();
    draw(&mut svg, series, window).inspect_err(|error| tracing::error!(%error, "cannot draw a plot")).ok()?;
    // The plot is drawn here, from numbers only, so nothing needs escaping. A size of its own would keep it from
    // scaling.
    let (width, height) = SIZE;
    let svg = svg.replacen(
        &format!("width=\"{width}\" height=\"{height}\" "),
        "role=\"img\" aria-labelledby=\"plot-title\" ",
        1,
    );
    Some(html! { div.plot { (PreEscaped(svg)) } })
}

/// A point of the plot.
struct Place {
    /// The time relative to now, which is below zero.
    at: f64,
    /// The median and the 95th percentile in milliseconds; none without deliveries.
    latency: Option<(f64, f64)>,
    went_wrong: bool,
}

fn draw(svg: &mut String, series: &Series, window: Window) -> Result<(), Box<dyn std::error::Error>> {
    let now = SystemTime::now();
    let (unit, per_second) = unit(window);
    let length = window.length().as_secs_f64() * per_second;
    let place = |point: &Point| {
        // A point is in the middle of its step. The last step is not over.
        let age = now.duration_since(point.at + series.step / 2).unwrap_or_default().as_secs_f64();
        let of = |part| point.runs.latency.quantile(part).map(milliseconds);
        Place {
            at: (-age * per_second).max(-length),
            latency: of(0.5).zip(of(0.95)),
            went_wrong: went_wrong(&point.runs),
        }
    };
    let places: Vec<Place> = series.points.iter().map(place).collect();
    let highest =
        places.iter().filter_map(|place| place.latency).map(|(_, tail)| tail).fold(1.0, f64::max) * 1.1;
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(8)
        .margin_right(16)
        .set_label_area_size(LabelAreaPosition::Left, 64)
        .set_label_area_size(LabelAreaPosition::Bottom, 40)
        .build_cartesian_2d(-length..0.0, 0.0..highest)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .axis_style(AXIS)
        .bold_line_style(GRID)
        .light_line_style(plotters::style::TRANSPARENT)
        .label_style(("sans-serif", 14).into_font())
        .x_labels(7)
        .y_labels(5)
        .x_label_formatter(&|age| {
            if *age > -0.001 * length { "now".to_owned() } else { format!("{:.0}", -age) }
        })
        .y_label_formatter(&|ms| if highest < 10.0 { format!("{ms:.1}") } else { format!("{ms:.0}") })
        .x_desc(format!("{unit} before now"))
        .y_desc("latency in ms")
        .draw()?;
    // No line is drawn across a time without deliveries, as if there had been some.
    for stretch in places.split(|place| place.latency.is_none()).filter(|stretch| !stretch.is_empty()) {
        let line = |of: fn((f64, f64)) -> f64| {
            stretch.iter().filter_map(move |place| Some((place.at, of(place.latency?)))).collect::<Vec<_>>()
        };
        let (median, tail) = (line(|(median, _)| median), line(|(_, tail)| tail));
        if let [alone] = median[..] {
            chart.draw_series([Circle::new(alone, 2, MEDIAN.filled())])?;
            chart.draw_series(tail.into_iter().map(|alone| Circle::new(alone, 2, TAIL.filled())))?;
            continue;
        }
        chart.draw_series(DashedLineSeries::new(tail, 4, 3, TAIL.stroke_width(1)))?;
        chart.draw_series(LineSeries::new(median, MEDIAN.stroke_width(2)))?;
    }
    let wrong = places.iter().filter(|place| place.went_wrong);
    let crosses = wrong.map(|place| Cross::new((place.at, 0.0), 4, BAD.stroke_width(2)));
    chart.draw_series(crosses)?;
    root.present()?;
    Ok(())
}

/// Returns whether some of these runs neither passed nor were cancelled.
pub(super) fn went_wrong(runs: &Rollup) -> bool {
    runs.total() > runs.runs(Outcome::Pass) + runs.runs(Outcome::Cancelled)
}

/// Returns the unit of the time before now, and a second in this unit.
fn unit(window: Window) -> (&'static str, f64) {
    match window.length().as_secs() {
        0..=7200 => ("minutes", 1.0 / 60.0),
        7201..=172_800 => ("hours", 1.0 / 3600.0),
        _ => ("days", 1.0 / 86_400.0),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use orbital_history::Step;

    use super::*;

    #[test]
    fn a_plot_has_axes_with_units_lines_where_there_are_deliveries_and_a_mark_where_it_went_wrong() {
        let window: Window = "1h".parse().unwrap();
        let mut series = Series::new(window, Step::new(window, None).unwrap(), SystemTime::now());
        for index in [3, 4, 5, 20] {
            series.points[index].runs.latency.observe(Duration::from_millis(12));
        }
        series.points[30].runs = Rollup::default();
        let svg = latency(&series, window).unwrap().into_string();
        for text in ["minutes before now", "latency in ms", "now", "aria-labelledby"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        let lines = |colour: &str| {
            let drawn = svg.split('<').filter(|element| element.starts_with("polyline"));
            drawn.filter(|element| element.contains(colour)).count()
        };
        assert_eq!(lines("#030303"), 1);
        // A point without neighbours is a dot: one for the median, and one for the tail.
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(!svg.contains("#040404") && !svg.contains("style="), "{svg}");
    }
}

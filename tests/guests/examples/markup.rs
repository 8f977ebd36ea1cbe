//! Says what would be HTML if it were taken for it, wherever it may say anything.

use orbital_sdk::prelude::*;

const MARKUP: &str =
    "</pre><script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 2\">&lt;b&gt;";

#[case(manual, tags(team = "<img/src=x/onerror=window.hacked=3>"))]
fn markup(t: &Test) -> Result {
    t.log(Level::Warn, MARKUP, &[("field", &MARKUP)]);
    println!("{MARKUP}");
    let id = t.new_id();
    t.expect(&id)?;
    let _ = t.send_event(Event::to(MARKUP).path(MARKUP).key(&id).body(MARKUP));
    bail!("{MARKUP}")
}

suite!(markup);

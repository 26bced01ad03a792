//! The speed of decisions, beside that of other libraries, in the same process and the same minute: `cargo xtask bench`.

mod breaker;
mod guarded;
mod history;
mod peers;
mod simulated;

use core::time::Duration;
use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200))
        .configure_from_args();
    breaker::measure(&mut criterion);
    guarded::measure(&mut criterion);
    history::measure(&mut criterion);
    simulated::measure(&mut criterion);
    criterion.final_summary();
}

//! The engine on tokio: a timer of twelve lines, and a retry around a deadline.
//!
//! ```sh
//! cargo run -p steadfast --example tokio
//! ```

use std::time::Duration;

use steadfast::backoff::Backoff;
use steadfast::clock::{Clock, Timer};
use steadfast::drive::{call_with_deadline, retry};
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::time::Instant;

/// Tokio's clock, counted from its creation.
struct TokioTimer(tokio::time::Instant);

impl Clock for TokioTimer {
    fn now(&self) -> Instant {
        Instant::ORIGIN + self.0.elapsed()
    }
}

impl Timer for TokioTimer {
    async fn sleep_until(&self, at: Instant) {
        tokio::time::sleep_until(self.0 + (at - Instant::ORIGIN)).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let timer = &TokioTimer(tokio::time::Instant::now());
    let backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(200))?;
    let policy = RetryPolicy::default().with_backoff(backoff);

    // The first attempt hangs, the deadline cuts it, the second answers.
    let answer = retry(timer, policy, Seed(7), |attempt| {
        call_with_deadline(timer, Duration::from_millis(50), move |_| async move {
            println!("{:>6}  attempt {}", timer.now().to_string(), attempt.id.attempt);
            if attempt.id.attempt == 1 {
                std::future::pending::<()>().await;
            }
            Ok(17 * 23)
        })
    });
    println!("17 * 23 = {}", answer.await?);
    Ok(())
}

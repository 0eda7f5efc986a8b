//! No batch is lost, duplicated or stalled under a hundred faults.
#![cfg(test)]

use tributary_chaos::{ChaosConfig, Progress, run};

#[tokio::test(flavor = "multi_thread")]
async fn hundred_faults_lose_duplicate_and_stall_nothing() {
    let progress = |progress: Progress<'_>| {
        if let Progress::Step(step) = progress {
            eprintln!("{step}");
        }
    };
    let report = run(ChaosConfig::new(100, 7), &progress).await.unwrap();
    assert_eq!(report.findings, [] as [String; 0], "{report:#?}");
    assert_eq!(report.injected.total(), 100);
    assert!(report.batches > 20 && report.repeats > 0 && report.rejected > 0, "{report:#?}");
}

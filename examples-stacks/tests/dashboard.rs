//! The metrics that the dashboard and `docs/metrics.md` name are those that exist.

use std::collections::BTreeSet;

use alf_reqwest::{Client, MetricsObserver};
use alf_testkit::Servers;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

const DASHBOARD: &str = include_str!("../../docs/grafana_dashboard.json");
const PAGE: &str = include_str!("../../docs/metrics.md");

#[tokio::test]
async fn l6_dashboard_and_page_name_the_metrics_that_exist() {
    let prometheus = PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets_for_metric(Matcher::Prefix("alf.".into()), &[1.0])
        .unwrap()
        .install_recorder()
        .unwrap();
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .observer(MetricsObserver::new())
        .build()
        .unwrap();
    client.get(servers.url("/things")).send().await.unwrap();

    let text = prometheus.render();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let existing: BTreeSet<_> = lines
        .filter_map(|line| metrics_in(line).into_iter().next())
        .collect();
    let in_dashboard = metrics_in(DASHBOARD);
    let unknown: Vec<_> = in_dashboard.difference(&existing).collect();
    assert!(unknown.is_empty(), "{unknown:?} of {existing:?}");

    // A histogram is one metric: its buckets, their sum and their count.
    let family = |names: BTreeSet<String>| -> BTreeSet<_> {
        let parts = ["_bucket", "_sum", "_count"];
        let family = |name: String| {
            parts
                .iter()
                .find_map(|part| name.strip_suffix(part).map(str::to_owned))
                .unwrap_or(name)
        };
        names.into_iter().map(family).collect()
    };
    let existing = family(existing);
    assert_eq!(existing.len(), 11, "{existing:?}");
    assert_eq!(family(in_dashboard), existing);
    assert_eq!(family(metrics_in(PAGE)), existing);
}

#[test]
fn dashboard_is_json_with_a_query_in_each_panel() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() >= 5);
    for panel in panels {
        let queries = panel["targets"].as_array().unwrap();
        assert!(!queries.is_empty(), "{panel}");
        for query in queries {
            assert!(query["expr"].as_str().unwrap().contains("alf_"), "{query}");
        }
    }
}

/// The names of alf's metrics in a text, as Prometheus has them.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let words = text.split(|c| !is_part_of_name(c));
    let names = words.filter(|word| word.starts_with("alf_") && *word != "alf_reqwest");
    names.map(str::to_owned).collect()
}

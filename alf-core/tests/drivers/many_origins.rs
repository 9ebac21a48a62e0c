//! R6: one client that calls many origins, such as one for each tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::Client;

use crate::support::{Api, ApiCall, ApiRequest, ApiResponse, Harness, Reply, seconds};

/// A client that calls tenants, of which the last one is suspended in the end: its origin always answers 401.
struct Tenants {
    harness: Harness,
    client: Client<Api>,
    count: usize,
    valid_from: Arc<AtomicUsize>,
}

impl Tenants {
    /// They have just noticed one revocation, all at once.
    fn new(count: usize) -> Self {
        let harness = Harness::new();
        harness.endpoint.otherwise(Reply::IssueUnlimited);
        let tenants = Self {
            client: harness.client(),
            harness,
            count,
            valid_from: Arc::new(AtomicUsize::new(0)),
        };
        tenants.suspend(usize::MAX);
        assert_eq!(tenants.call(0), 200);
        let Harness {
            api,
            runtime,
            endpoint,
            ..
        } = &tenants.harness;
        let answers: Vec<_> = (0..count).map(|_| api.hold()).collect();
        let mut calls: Vec<ApiCall> = (0..count).map(|tenant| tenants.start(tenant)).collect();
        tenants.revoke();
        drop(answers);
        runtime.run_until_stalled();
        for call in &mut calls {
            assert_eq!(call.take().unwrap().unwrap().status(), 200);
        }
        assert_eq!(endpoint.requests(), 2);
        tenants
    }

    fn suspend(&self, tenant: usize) {
        let valid_from = Arc::clone(&self.valid_from);
        let suspended = host(tenant);
        self.harness.api.answers(move |sent| {
            let is_valid = sent.token_number() >= valid_from.load(Ordering::Relaxed);
            if is_valid && sent.origin.as_ref().host() != suspended {
                ApiResponse::status_of(200)
            } else {
                ApiResponse::rejection()
            }
        });
    }

    fn revoke(&self) {
        let issued = self.harness.endpoint.requests();
        self.valid_from.store(issued + 1, Ordering::Relaxed);
    }

    fn start(&self, tenant: usize) -> ApiCall {
        let request = ApiRequest::get(&format!("https://{}", host(tenant)));
        self.harness.send(&self.client, request)
    }

    fn call(&self, tenant: usize) -> u16 {
        self.start(tenant).take().unwrap().unwrap().status()
    }

    fn last(&self) -> usize {
        self.count - 1
    }

    /// A call of each kind: to the suspended tenant, and to another one.
    fn call_both(&self, other: usize) {
        assert_eq!(self.call(self.last()), 401);
        assert_eq!(self.call(other % self.last()), 200);
    }
}

fn host(tenant: usize) -> String {
    format!("tenant-{tenant}.example.com")
}

const COUNTS: [usize; 4] = [10, 63, 70, 200];

#[test]
fn r6_a_thousand_calls_to_one_suspended_tenant_cost_one_token_request() {
    for count in COUNTS {
        let tenants = Tenants::new(count);
        let requests = tenants.harness.endpoint.requests();
        tenants.suspend(tenants.last());
        for number in 0..1000 {
            tenants.call_both(number);
        }
        assert_eq!(
            tenants.harness.endpoint.requests(),
            requests + 1,
            "{count} tenants"
        );
    }
}

#[test]
fn r6_suspended_tenant_hides_no_revocation_from_the_others() {
    for count in COUNTS {
        let tenants = Tenants::new(count);
        tenants.suspend(tenants.last());
        tenants.call_both(0);
        for tenant in [0, count - 3, count - 2] {
            let requests = tenants.harness.endpoint.requests();
            tenants.revoke();
            assert_eq!(tenants.call(tenant), 200, "{tenant} of {count}");
            assert_eq!(tenants.harness.endpoint.requests(), requests + 1);
            tenants.call_both(0);
        }
    }
}

#[test]
fn r6_suspended_tenant_that_is_called_once_a_second_costs_66_token_requests_an_hour() {
    for count in COUNTS {
        let tenants = Tenants::new(count);
        let requests = tenants.harness.endpoint.requests() - 1;
        tenants.suspend(tenants.last());
        for second in 0..3600 {
            assert_eq!(tenants.call(tenants.last()), 401);
            if second % 10 == 0 {
                assert_eq!(tenants.call(second % tenants.last()), 200);
            }
            tenants.harness.advance(seconds(1));
        }
        let requests = tenants.harness.endpoint.requests() - requests;
        assert!(requests <= 66, "{count} tenants: {requests}");
    }
}

//! `decide` does not allocate: the simulator calls it for every message of every device.
#![allow(unsafe_code, reason = "a counting allocator is the only way to observe allocations")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use defender::ids::CertificateId;
use defender::policy::{Context, Decision, Document, PresentedCertificate, Request, Scope, decide};
use defender::time::Timestamp;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn p18_deciding_does_not_allocate() {
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:*:*:client/${iot:ClientId}",
         "Condition":{"Bool":{"iot:Connection.Thing.IsAttached":"true"},
                      "IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]},
                      "DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},
                      "StringLike":{"aws:CurrentTime":"20*Z","iot:CertificateId":"*ab"},
                      "ArnNotLike":{"x:arn":"arn:aws:iot:*:*:thing/x"},
                      "StringEqualsIgnoreCase":{"iot:ClientId":"PUMP-1"}}},
        {"Effect":"Allow","Action":["iot:Pub*","iot:Receive"],
         "Resource":["arn:aws:iot:us-east-1:123456789012:topic/*/${iot:CertificateId}/${aws:SourceIp}/*"]},
        {"Effect":"Allow","NotAction":"iot:Connect","NotResource":"arn:aws:iot:us-east-1:123456789012:topic/a*b*c*"},
        {"Effect":"Deny","Action":"iot:*","Resource":"arn:aws:iot:us-east-1:123456789012:topic/secret/?/*"}]}"#;
    let document = Document::parse_iot(text).expect("well-formed");
    let scope = Scope::new("us-east-1", "123456789012");
    let context = Context {
        source_ip: Some("10.1.2.3".parse().expect("an address")),
        certificate: Some(PresentedCertificate::with_id(CertificateId([0xab; 32]))),
        extra: &[("x:arn", "arn:aws:iot:us-east-1:123456789012:thing/y")],
        ..Context::of_thing(Timestamp::from_seconds(1_748_736_300), &scope, "pump-1")
    };
    let topic = format!("up/{}/10.1.2.3/flow", "ab".repeat(32));
    let requests = [
        (Request::connect("pump-1"), Decision::Allowed),
        (Request::connect("pump-2"), Decision::ImplicitDeny),
        (Request::publish(&topic), Decision::Allowed),
        (Request::publish("secret/x/y"), Decision::ExplicitDeny),
        (Request::subscribe("anything/#"), Decision::Allowed),
        (Request::publish("axbxc"), Decision::ImplicitDeny),
        (
            Request::on_arn("iot:Publish".parse().expect("an action"), "arn:aws:iot:us-east-1:1:topic/x"),
            Decision::Allowed,
        ),
    ];
    let before = ALLOCATIONS.get();
    for (request, expected) in requests {
        assert_eq!(decide([&document], &request, &context), expected);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    // The counter counts.
    assert_eq!(String::from("x").len(), 1);
    assert!(ALLOCATIONS.get() > before);
}

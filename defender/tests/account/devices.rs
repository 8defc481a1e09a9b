//! Things, thing types, principals, and the room they take (V-01 … V-04, V-28).

use defender::account::{Account, CertificateFacts, Change, PolicyTarget, Principal, ThingPrincipalType};
use defender::error::Exception;
use defender::ids::{CertificateIndex, ThingId};
use defender::time::Millis;

use crate::{NOW, account, attribute, certificate_id, facts, refused};

#[test]
fn g11_an_account_id_has_twelve_digits_unless_lenient() {
    refused(Account::new("123456789", "us-east-1"), Exception::InvalidRequest);
    let account = Account::with_any_id("123456789", "us-east-1").expect("lenient (X-05)");
    assert_eq!(account.arn("thing/T1"), "arn:aws:iot:us-east-1:123456789:thing/T1");
}

#[test]
fn v01_a_thing_has_a_name_attributes_and_a_version() {
    let mut account = account();
    account.create_thing_type(NOW, "pump", "", &[]).expect("new");
    let thing = account
        .create_thing(NOW, "a:B_-9", Some("pump"), &[attribute("site", "north"), attribute("line", "2")])
        .expect("well-formed");
    assert_eq!(account.thing("a:B_-9"), Some(thing));
    assert_eq!(account.thing_name(thing), "a:B_-9");
    assert_eq!(account.thing_type_of(thing), Some("pump"));
    assert_eq!(account.attributes(thing).collect::<Vec<_>>(), [("line", "2"), ("site", "north")]);
    assert_eq!(account.thing_version(thing), Some(1));
    account.update_thing(NOW, thing, None, Some(&[attribute("site", "south")]), true, Some(1)).expect("version 1");
    assert_eq!(account.attribute(thing, "site"), Some("south"));
    assert_eq!(account.attribute(thing, "line"), Some("2"));
    assert_eq!(account.thing_version(thing), Some(2));
    refused(account.update_thing(NOW, thing, None, None, false, Some(1)), Exception::VersionConflict);
}

#[test]
fn v01_names_and_attribute_counts_are_bounded() {
    let mut account = account();
    let long = "x".repeat(129);
    for name in ["", "with space", "umlaut-ä", "a/b", &long] {
        refused(account.create_thing(NOW, name, None, &[]), Exception::InvalidRequest);
    }
    let attributes: Vec<_> = (0..51).map(|n| attribute(&format!("a{n:02}"), "1")).collect();
    account.create_thing(NOW, "three", None, &attributes[..3]).expect("three without a type");
    refused(account.create_thing(NOW, "four", None, &attributes[..4]), Exception::InvalidRequest);
    account.create_thing_type(NOW, "pump", "", &[]).expect("new");
    account.create_thing(NOW, "fifty", Some("pump"), &attributes[..50]).expect("fifty with a type");
    refused(account.create_thing(NOW, "more", Some("pump"), &attributes), Exception::InvalidRequest);
}

#[test]
fn creating_the_same_thing_again_is_success_and_another_of_its_name_is_not() {
    let mut account = account();
    let thing = account.create_thing(NOW, "T1", None, &[attribute("a", "1")]).expect("new");
    assert_eq!(account.create_thing(NOW, "T1", None, &[attribute("a", "1")]), Ok(thing));
    let error = account.create_thing(NOW, "T1", None, &[]).expect_err("other attributes");
    assert_eq!(error.exception, Exception::ResourceAlreadyExists);
    let arn = "arn:aws:iot:us-east-1:123456789012:thing/T1";
    assert_eq!(error.resource, Some(("T1".to_owned(), arn.to_owned())));
    assert_eq!(account.thing_count(), 1);
}

#[test]
fn v02_a_thing_type_is_deprecated_before_it_is_deleted() {
    let mut account = account();
    account.create_thing_type(NOW, "pump", "moves water", &["site".to_owned()]).expect("new");
    let thing = account.create_thing(NOW, "T1", Some("pump"), &[]).expect("new");
    refused(account.delete_thing_type(NOW, "pump"), Exception::InvalidRequest);
    account.deprecate_thing_type(NOW, "pump", false).expect("known");
    refused(account.create_thing(NOW, "T2", Some("pump"), &[]), Exception::InvalidRequest);
    refused(account.delete_thing_type(NOW, "pump"), Exception::InvalidRequest);
    account.update_thing(NOW, thing, Some(""), None, false, None).expect("type removed");
    account.delete_thing_type(NOW, "pump").expect("deprecated and unused");
    refused(account.create_thing(NOW, "T3", Some("pump"), &[]), Exception::ResourceNotFound);
}

#[test]
fn v04_deleting_a_thing_is_idempotent_and_waits_for_its_principals() {
    let mut account = account();
    account.delete_thing(NOW, "absent").expect("success if absent");
    let thing = account.create_thing(NOW, "T1", None, &[]).expect("new");
    let principal = Principal::Certificate(account.register_certificate(NOW, facts(1)).expect("new"));
    account.attach_thing_principal(NOW, thing, principal, ThingPrincipalType::NonExclusiveThing).expect("both exist");
    refused(account.delete_thing(NOW, "T1"), Exception::InvalidRequest);
    account.detach_thing_principal(NOW, thing, principal).expect("attached");
    account.delete_thing(NOW, "T1").expect("nothing attached");
    assert_eq!((account.thing("T1"), account.thing_count()), (None, 0));
    let again = account.create_thing(NOW, "T1", None, &[]).expect("the name is free");
    assert_ne!(again, thing, "a new thing has a new id");
}

#[test]
fn v28_a_principal_serves_several_things_unless_exclusive() {
    let mut account = account();
    let things: Vec<ThingId> =
        ["T1", "T2", "T3"].map(|name| account.create_thing(NOW, name, None, &[]).expect("new")).to_vec();
    let shared = Principal::Certificate(account.register_certificate(NOW, facts(1)).expect("new"));
    let own = Principal::Certificate(account.register_certificate(NOW, facts(2)).expect("new"));
    let (open, exclusive) = (ThingPrincipalType::NonExclusiveThing, ThingPrincipalType::ExclusiveThing);
    for &thing in &things {
        account.attach_thing_principal(NOW, thing, shared, open).expect("not exclusive");
    }
    assert_eq!(account.things_of_principal(shared).collect::<Vec<_>>(), things);
    refused(account.attach_thing_principal(NOW, things[0], shared, exclusive), Exception::InvalidRequest);
    account.attach_thing_principal(NOW, things[1], own, exclusive).expect("not attached yet");
    refused(account.attach_thing_principal(NOW, things[2], own, open), Exception::InvalidRequest);
    account.detach_thing_principal(NOW, things[1], own).expect("attached");
    account.attach_thing_principal(NOW, things[2], own, open).expect("free again");
    assert_eq!(account.principals_of_thing(things[2]).collect::<Vec<_>>(), [shared, own]);
    let unknown = Principal::Certificate(CertificateIndex(99));
    refused(account.attach_thing_principal(NOW, things[0], unknown, open), Exception::ResourceNotFound);
}

#[test]
fn the_journal_tells_what_changed_and_can_be_paused() {
    let mut account = account();
    account.pause_changes(true);
    let thing = account.create_thing(NOW, "T1", None, &[]).expect("new");
    let group = account.create_thing_group(NOW, "G1", None).expect("new");
    let certificate = account.register_certificate(NOW, facts(1)).expect("new");
    account.pause_changes(false);
    assert_eq!(account.take_changes(), []);
    account.add_thing_to_thing_group(NOW, thing, group, false).expect("room");
    account.add_thing_to_thing_group(NOW, thing, group, false).expect("already there: no change");
    account
        .update_certificate(NOW, certificate, defender::account::CertificateStatus::Inactive)
        .expect("active before");
    assert_eq!(account.take_changes(), [Change::ThingGroups(thing), Change::Certificate(certificate)]);
    assert_eq!(account.take_changes(), []);
}

/// The promise of the module: a device with certificate, group, shared policy and open session in 400 bytes.
#[test]
fn a_device_takes_at_most_400_bytes() {
    const DEVICES: u32 = 100_000;
    let mut account = account();
    account.pause_changes(true);
    account.reserve_devices(DEVICES as usize, 24);
    account.create_thing_type(NOW, "meter", "", &[]).expect("new");
    let groups = ["north", "south"].map(|name| account.create_thing_group(NOW, name, None).expect("new"));
    let policy = account.create_policy(NOW, "P", r#"{"Version":"2012-10-17","Statement":[]}"#).expect("new");
    for n in 0..DEVICES {
        let name = format!("smart-meter-{n:08}");
        let thing = account.create_thing(NOW, &name, Some("meter"), &[attribute("class", "meter")]).expect("new");
        account.add_thing_to_thing_group(NOW, thing, groups[n as usize % 2], false).expect("room");
        let facts = CertificateFacts::new(certificate_id(n), NOW, NOW + Millis::days(365));
        let certificate = account.register_certificate(NOW, facts).expect("new");
        let principal = Principal::Certificate(certificate);
        account.attach_thing_principal(NOW, thing, principal, ThingPrincipalType::ExclusiveThing).expect("new");
        account.attach_policy(NOW, policy, PolicyTarget::Certificate(certificate)).expect("room");
        let client = account.client(&name);
        account.connect(NOW, client, principal);
    }
    let each = account.heap_bytes() / DEVICES as usize;
    assert!(each <= 400, "{each} bytes per device");
    assert!(each >= 150, "{each} bytes per device: something is not counted");
}

/// An id can be handed out before its thing is there; nobody else gets it, and until then there is no such thing.
#[test]
fn a_thing_can_have_its_id_before_it_is_registered() {
    let mut account = account();
    let first = account.create_thing(NOW, "first", None, &[]).expect("a good name");
    let reserved = account.reserve_thing(NOW, "later").expect("a free name");
    assert_eq!(account.reserve_thing(NOW, "later").expect("the same again"), reserved);
    refused(account.reserve_thing(NOW, "first"), Exception::ResourceAlreadyExists);
    refused(account.reserve_thing(NOW, "no spaces"), Exception::InvalidRequest);
    let other = account.create_thing(NOW, "other", None, &[]).expect("a good name");
    assert!(other != reserved && account.thing("later").is_none());
    assert_eq!((account.thing_count(), account.things().collect::<Vec<_>>()), (2, vec![first, other]));
    assert_eq!(account.thing_name(reserved), "later");
    assert_eq!(account.create_thing(NOW, "later", None, &[]).expect("its time has come"), reserved);
    assert_eq!((account.thing("later"), account.thing_version(reserved)), (Some(reserved), Some(1)));
    account.delete_thing(NOW, "later").expect("nothing attached");
    let again = account.create_thing(NOW, "later", None, &[]).expect("a free name");
    assert!(again != reserved, "an id is used once");
}

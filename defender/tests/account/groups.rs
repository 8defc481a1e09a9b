//! Static and dynamic groups (V-05 … V-11).

use defender::account::{Account, PolicyTarget, ThingGroupProperties};
use defender::error::Exception;
use defender::ids::{ThingGroupId, ThingId};

use crate::{NOW, account, attribute, refused};

fn group(account: &mut Account, name: &str, parent: Option<&str>) -> ThingGroupId {
    account.create_thing_group(NOW, name, parent).expect("new")
}

fn dynamic(account: &mut Account, name: &str, query: &str) -> ThingGroupId {
    account.create_dynamic_thing_group(NOW, name, query, ThingGroupProperties::default()).expect("in the subset")
}

fn thing(account: &mut Account, name: &str) -> ThingId {
    account.create_thing(NOW, name, None, &[]).expect("new")
}

#[test]
fn v05_a_group_is_created_once_and_keeps_its_parent() {
    let mut account = account();
    let root = group(&mut account, "root", None);
    let leaf = group(&mut account, "leaf", Some("root"));
    assert_eq!(account.create_thing_group(NOW, "leaf", Some("root")), Ok(leaf));
    refused(account.create_thing_group(NOW, "leaf", None), Exception::ResourceAlreadyExists);
    refused(account.create_thing_group(NOW, "x", Some("absent")), Exception::ResourceNotFound);
    assert_eq!(account.ancestors(leaf).collect::<Vec<_>>(), [root]);
    let properties = ThingGroupProperties { description: "all of them".to_owned(), ..Default::default() };
    assert_eq!(account.update_thing_group(NOW, leaf, properties.clone(), Some(1)), Ok(2));
    refused(account.update_thing_group(NOW, leaf, properties, Some(1)), Exception::VersionConflict);
}

#[test]
fn v06_seven_levels_and_a_hundred_children() {
    let mut account = account();
    group(&mut account, "level1", None);
    for level in 2..=7 {
        group(&mut account, &format!("level{level}"), Some(&format!("level{}", level - 1)));
    }
    refused(account.create_thing_group(NOW, "level8", Some("level7")), Exception::InvalidRequest);
    for child in 1..100 {
        group(&mut account, &format!("child{child}"), Some("level1"));
    }
    refused(account.create_thing_group(NOW, "child100", Some("level1")), Exception::InvalidRequest);
    refused(account.delete_thing_group(NOW, "level6", None), Exception::InvalidRequest);
    account.delete_thing_group(NOW, "level7", None).expect("no children");
    account.delete_thing_group(NOW, "level6", None).expect("no children any more");
    account.delete_thing_group(NOW, "absent", None).expect("success if absent");
}

#[test]
fn v07_ch04_ten_groups_and_never_two_of_one_hierarchy() {
    let mut account = account();
    let thing = thing(&mut account, "T1");
    let root = group(&mut account, "root", None);
    let left = group(&mut account, "left", Some("root"));
    let right = group(&mut account, "right", Some("root"));
    account.add_thing_to_thing_group(NOW, thing, left, false).expect("free");
    for same_root in [right, root] {
        refused(account.add_thing_to_thing_group(NOW, thing, same_root, false), Exception::InvalidRequest);
    }
    for n in 1..10 {
        let other = group(&mut account, &format!("other{n}"), None);
        account.add_thing_to_thing_group(NOW, thing, other, false).expect("up to ten");
    }
    let eleventh = group(&mut account, "eleventh", None);
    for override_dynamic_groups in [false, true] {
        let result = account.add_thing_to_thing_group(NOW, thing, eleventh, override_dynamic_groups);
        refused(result, Exception::InvalidRequest);
    }
    assert_eq!(account.groups_of_thing(thing).count(), 10);
    account.remove_thing_from_thing_group(NOW, thing, left).expect("a member");
    account.remove_thing_from_thing_group(NOW, thing, left).expect("no member: success");
    account.add_thing_to_thing_group(NOW, thing, eleventh, false).expect("room again");
}

#[test]
fn things_of_a_group_come_with_those_of_its_descendants_when_asked() {
    let mut account = account();
    let names = ["root", "a", "b", "a1"];
    let parents = [None, Some("root"), Some("root"), Some("a")];
    let groups: Vec<_> = names.iter().zip(parents).map(|(name, parent)| group(&mut account, name, parent)).collect();
    let things: Vec<ThingId> = (0..4).map(|n| thing(&mut account, &format!("T{n}"))).collect();
    for (at, &thing) in things.iter().enumerate() {
        account.add_thing_to_thing_group(NOW, thing, groups[3 - at], false).expect("free");
    }
    assert_eq!(account.things_in_group(groups[0], false), [things[3]]);
    assert_eq!(account.things_in_group(groups[0], true), things);
    assert_eq!(account.things_in_group(groups[1], true), [things[0], things[2]]);
    assert!(account.is_thing_in_group(things[0], groups[0], true));
    assert!(!account.is_thing_in_group(things[0], groups[0], false));
    account.delete_thing(NOW, "T3").expect("nothing attached");
    assert_eq!(account.things_in_group(groups[0], false), []);
}

#[test]
fn v09_a_dynamic_group_takes_what_its_query_finds() {
    let mut account = account();
    let early = thing(&mut account, "pump-1");
    let pumps = dynamic(&mut account, "pumps", "thingName:pump*");
    let north = dynamic(&mut account, "north", "thingName:pump* AND (attributes.site:north OR attributes.site:\"N\")");
    let late = account.create_thing(NOW, "pump-2", None, &[attribute("site", "N")]).expect("new");
    thing(&mut account, "valve-1");
    assert_eq!(account.things_in_group(pumps, false), [early, late]);
    assert_eq!(account.things_in_group(north, false), [late]);
    account.update_thing(NOW, early, None, Some(&[attribute("site", "north")]), false, None).expect("known");
    assert_eq!(account.things_in_group(north, false), [early, late]);
    account
        .update_dynamic_thing_group(NOW, north, ThingGroupProperties::default(), Some("NOT attributes.site:*"), Some(1))
        .expect("in the subset");
    assert_eq!(account.things_in_group(north, false), [account.thing("valve-1").expect("created")]);
    assert_eq!(account.search_index("attributes.site:N"), Ok(vec![late]));
    account.delete_dynamic_thing_group(NOW, "pumps", None).expect("dynamic");
    assert_eq!(account.groups_of_thing(early).count(), 0);
}

#[test]
fn v09_a_dynamic_group_has_no_hierarchy_no_policies_and_no_edited_members() {
    let mut account = account();
    let thing = thing(&mut account, "T1");
    let group = dynamic(&mut account, "D", "thingName:T*");
    let policy = account.create_policy(NOW, "P", r#"{"Version":"2012-10-17","Statement":[]}"#).expect("new");
    refused(account.create_thing_group(NOW, "child", Some("D")), Exception::InvalidRequest);
    refused(account.attach_policy(NOW, policy, PolicyTarget::ThingGroup(group)), Exception::InvalidRequest);
    refused(account.add_thing_to_thing_group(NOW, thing, group, true), Exception::InvalidRequest);
    refused(account.remove_thing_from_thing_group(NOW, thing, group), Exception::InvalidRequest);
    refused(account.delete_thing_group(NOW, "D", None), Exception::InvalidRequest);
    let query = account.create_dynamic_thing_group(NOW, "E", "shadow.name.x:1", ThingGroupProperties::default());
    refused(query, Exception::InvalidQuery);
}

#[test]
fn q29_a_hundred_dynamic_groups() {
    let mut account = account();
    for n in 0..100 {
        dynamic(&mut account, &format!("D{n}"), "thingName:nothing");
    }
    let more = account.create_dynamic_thing_group(NOW, "D100", "thingName:x", ThingGroupProperties::default());
    refused(more, Exception::LimitExceeded);
}

#[test]
fn v10_v11_older_dynamic_groups_win_and_the_newest_gives_way() {
    let mut account = account();
    let thing = thing(&mut account, "T1");
    let dynamics: Vec<_> = (0..12).map(|n| dynamic(&mut account, &format!("D{n}"), "thingName:T1")).collect();
    assert_eq!(account.groups_of_thing(thing).collect::<Vec<_>>(), dynamics[..10]);
    let first = group(&mut account, "S1", None);
    refused(account.add_thing_to_thing_group(NOW, thing, first, false), Exception::InvalidRequest);
    account.add_thing_to_thing_group(NOW, thing, first, true).expect("the newest dynamic group gives way");
    let mut expected = dynamics[..9].to_vec();
    expected.push(first);
    assert_eq!(account.groups_of_thing(thing).collect::<Vec<_>>(), expected);
    account.remove_thing_from_thing_group(NOW, thing, first).expect("static");
    assert_eq!(account.groups_of_thing(thing).collect::<Vec<_>>(), dynamics[..10], "room again");
}

#[test]
fn d90_violations_are_searchable() {
    let mut account = account();
    let thing = thing(&mut account, "T1");
    let any = dynamic(&mut account, "any", "deviceDefender.violationCount>0");
    let one = dynamic(&mut account, "one", "deviceDefender.P.Auth.inViolation:true");
    account.index_violation(NOW, thing, "P", "Auth", true);
    account.index_violation(NOW, thing, "P", "Bytes", true);
    assert_eq!((account.group_size(any), account.group_size(one)), (1, 1));
    account.index_violation(NOW, thing, "P", "Auth", false);
    assert_eq!((account.group_size(any), account.group_size(one)), (1, 0));
    account.index_violation(NOW, thing, "P", "Bytes", false);
    assert_eq!(account.group_size(any), 0);
}

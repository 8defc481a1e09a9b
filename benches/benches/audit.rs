//! How long does an audit with all seventeen checks take on an account of 100,000 things, each with a certificate and
//! a policy of its own? Once with policies that differ in the thing's name, once with one document for all.

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use defender::account::{
    Account, CertificateFacts, IssuerFacts, PolicyTarget, Principal, RevokingIssuer, SerialNumber, ThingPrincipalType,
};
use defender::audit::wire::{AccountAuditConfiguration, AuditCheckConfiguration, StartOnDemandAuditTaskRequest};
use defender::audit::{Audit, AuditCheck, AuditSettings};
use defender::ids::CertificateId;
use defender::time::{Millis, Timestamp};

const THINGS: u32 = 100_000;
const NOW: Timestamp = Timestamp::from_seconds(1_748_736_000);

/// What a careful author would give a device: its own client id, its own topics.
fn document(name: &str) -> String {
    let arn = "arn:aws:iot:us-east-1:123456789012";
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":"iot:Connect","Resource":"{arn}:client/{name}",
          "Condition":{{"Bool":{{"iot:Connection.Thing.IsAttached":"true"}}}}}},
        {{"Effect":"Allow","Action":["iot:Publish","iot:Receive"],
          "Resource":["{arn}:topic/data/{name}/*","{arn}:topic/$aws/things/{name}/*"]}},
        {{"Effect":"Allow","Action":"iot:Subscribe","Resource":"{arn}:topicfilter/cmd/{name}/*"}},
        {{"Effect":"Deny","Action":"iot:Publish","Resource":"{arn}:topic/admin/*"}}]}}"#
    )
}

/// Half of the certificates were issued by an intermediate CA; every 500th is about to expire.
fn account(document_of: impl Fn(&str) -> String) -> Account {
    let mut account = Account::new("123456789012", "us-east-1").expect("a valid account");
    account.pause_changes(true);
    account.reserve_devices(THINGS as usize, 24);
    let issuer = |subject: &str, serial: u64, issuer| IssuerFacts {
        subject: subject.to_owned(),
        id: String::new(),
        key_id: None,
        serial: SerialNumber::from(serial),
        issuer,
    };
    let root = account.register_issuer(NOW, issuer("CN=root", 1, None)).expect("a root");
    let intermediate = account.register_issuer(NOW, issuer("CN=intermediate", 2, Some(root))).expect("an intermediate");
    account.add_empty_crl(NOW, RevokingIssuer::Subject("CN=intermediate".to_owned()));
    for i in 0..THINGS {
        let name = format!("smart-meter-{i:08}");
        let thing = account.create_thing(NOW, &name, None, &[]).expect("a new name");
        let mut id = [0; 32];
        id[..4].copy_from_slice(&i.to_be_bytes());
        let valid = Millis::days(if i % 500 == 0 { 10 } else { 900 });
        let mut facts = CertificateFacts::new(CertificateId(id), NOW - Millis::days(100), NOW + valid);
        facts.issuer = (i % 2 == 0).then_some(intermediate);
        facts.serial = SerialNumber::from(u64::from(i));
        let certificate = account.load_certificate(NOW, facts).expect("a new certificate");
        let principal = Principal::Certificate(certificate);
        account
            .attach_thing_principal(NOW, thing, principal, ThingPrincipalType::ExclusiveThing)
            .expect("both are there");
        let policy =
            account.create_policy(NOW, &format!("policy-{name}"), &document_of(&name)).expect("a right document");
        account.attach_policy(NOW, policy, PolicyTarget::Certificate(certificate)).expect("both are there");
        let client = account.client(&name);
        account.connect(NOW - Millis::DAY, client, principal);
    }
    account
}

/// An engine with every check enabled and an audit of all of them about to begin.
fn started(account: &Account) -> Audit {
    let mut audit = Audit::new(AuditSettings::default());
    let enabled = |check: &AuditCheck| {
        (check.name().to_owned(), AuditCheckConfiguration { enabled: Some(true), configuration: None })
    };
    let configuration = AccountAuditConfiguration {
        role_arn: Some("arn:aws:iam::123456789012:role/audit".to_owned()),
        audit_check_configurations: Some(AuditCheck::SERVICE.iter().map(enabled).collect()),
        ..AccountAuditConfiguration::default()
    };
    audit.update_account_audit_configuration(NOW, account, &configuration).expect("a right configuration");
    let target_check_names = AuditCheck::SERVICE.iter().map(|check| check.name().to_owned()).collect();
    audit
        .start_on_demand_audit_task(NOW, &StartOnDemandAuditTaskRequest { target_check_names })
        .expect("all are enabled");
    audit
}

fn audit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("audit_of_100000_things");
    group.sample_size(10);
    for (name, account) in [
        ("a_policy_each", account(document)),
        ("one_document", account(|_| document("${iot:Connection.Thing.ThingName}"))),
    ] {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter_batched(
                || started(&account),
                |mut audit| {
                    audit.advance(NOW, &account);
                    audit
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, audit);
criterion_main!(benches);

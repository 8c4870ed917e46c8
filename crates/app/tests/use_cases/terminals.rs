//! Activation codes and keys: counted exactly, and no lost answer locks a terminal out.

use std::collections::BTreeSet;
use std::sync::Arc;

use app::Platform;
use app::terminals::TerminalKeys;
use app::use_cases::terminals::{
    Activation, ActivationRefusal, CheckInRefusal, NewCode, activate, check_in, issue_code,
    terminal,
};
use app::use_cases::{load_directory_to_change, save_directory};
use app::writeset::Operation;
use domain::ids::TerminalSn;

use crate::harness::{Dice, World};

pub(crate) const DEVICE: &str = "device-1";

/// A fresh code of a store, good for so many terminals.
async fn code(platform: &Platform, store: &str, uses_count_max: u32) -> String {
    let new = NewCode { vendor: "90001".into(), store: store.into(), uses_count_max };
    issue_code(platform, &new).await.unwrap().code
}

fn activation(code: &str, device_id: &str) -> Activation {
    Activation {
        app_id: "app-1".into(),
        code: code.to_owned(),
        device_id: device_id.to_owned(),
        client_sn: None,
        name: None,
    }
}

/// A fresh terminal in a store, with its key.
pub(crate) async fn activated(platform: &Platform, store: &str) -> Arc<TerminalKeys> {
    let code = code(platform, store, 1).await;
    let made = activate(platform, &"90001".into(), activation(&code, DEVICE)).await.unwrap();
    terminal(platform, &made.sn).await.unwrap().unwrap()
}

/// Whether a request that this key signed would be believed.
async fn is_good(platform: &Platform, sn: &TerminalSn, key: &str) -> bool {
    let keys = terminal(platform, sn).await.unwrap().unwrap();
    keys.current == key || keys.previous.as_deref() == Some(key)
}

#[tokio::test]
async fn fifty_activations_at_once_never_exceed_the_count() {
    let world = World::new();
    let code = code(&world.platform, "1001", 7).await;
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..50 {
        let (platform, input) = (world.platform.clone(), activation(&code, &format!("d{index}")));
        tasks.spawn(async move { activate(&platform, &"90001".into(), input).await });
    }
    let ends = tasks.join_all().await;
    let made: Vec<_> = ends.iter().filter_map(|end| end.as_ref().ok()).collect();
    let numbers: BTreeSet<_> = made.iter().map(|made| made.sn.to_string()).collect();
    let keys: BTreeSet<_> = made.iter().map(|made| made.key.clone()).collect();
    assert_eq!((made.len(), numbers.len(), keys.len()), (7, 7, 7));
    let used_up = |end: &&Result<_, _>| matches!(end, Err(ActivationRefusal::UsedUp));
    assert_eq!(ends.iter().filter(used_up).count(), 43);
    for made in made {
        assert!(is_good(&world.platform, &made.sn, &made.key).await);
    }
    world.verify().await;
}

/// A till that checks in again and again, some of whose answers are lost, though never two in a
/// row: it signs with the newest key that it heard of, and that key is always good.
#[tokio::test]
async fn no_single_lost_answer_locks_a_terminal_out() {
    for seed in 1..=200 {
        let (world, mut dice) = (World::new(), Dice::new(seed));
        let keys = activated(&world.platform, "1001").await;
        let (sn, mut key, mut lost) = (&keys.terminal.sn, keys.current.clone(), false);
        for step in 0..20 {
            let given = check_in(&world.platform, sn, DEVICE, &key).await;
            let given = given.unwrap_or_else(|refusal| panic!("{seed}/{step}: {refusal}"));
            lost = !lost && dice.below(2) == 0;
            if lost {
                assert!(is_good(&world.platform, sn, &key).await, "{seed}/{step}");
            } else {
                assert!(is_good(&world.platform, sn, &given.key).await, "{seed}/{step}");
                key = given.key;
            }
        }
    }
}

/// Of check-ins at once the store keeps an order: the two newest keys are good, all others are
/// not, and whoever came too late is told that its key was replaced and changes nothing.
#[tokio::test]
async fn check_ins_at_once_leave_two_good_keys() {
    let world = World::new();
    let keys = activated(&world.platform, "1001").await;
    let sn = keys.terminal.sn.clone();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (platform, sn, key) = (world.platform.clone(), sn.clone(), keys.current.clone());
        tasks.spawn(async move { check_in(&platform, &sn, DEVICE, &key).await });
    }
    let ends = tasks.join_all().await;
    let mut good = 0;
    let mut given = 0;
    for end in &ends {
        match end {
            Ok(credentials) => {
                given += 1;
                good += usize::from(is_good(&world.platform, &sn, &credentials.key).await);
            }
            Err(CheckInRefusal::KeyReplaced) => {}
            Err(refusal) => panic!("{refusal}"),
        }
    }
    // The first replaces the key, the second moves it to the past, and then it is over.
    assert_eq!((given, good), (2, 2));
    assert!(!is_good(&world.platform, &sn, &keys.current).await);
    let refused = check_in(&world.platform, &sn, "another", &keys.current).await;
    assert!(matches!(refused, Err(CheckInRefusal::WrongDevice)));
    world.verify().await;
}

/// Two operators, at two nodes perhaps, who loaded the same directory: neither undoes the other.
#[tokio::test]
async fn a_change_of_an_outdated_directory_is_refused() {
    let world = World::new();
    let platform = &world.platform;
    let operation = || Operation {
        stream: "directory".to_owned(),
        kind: "changed".to_owned(),
        body: "{}".to_owned(),
    };
    let first = load_directory_to_change(&*platform.store).await.unwrap();
    assert!(save_directory(platform, first.clone(), operation()).await.unwrap());
    assert!(!save_directory(platform, first, operation()).await.unwrap(), "there is one by now");
    let (one, other) = (
        load_directory_to_change(&*platform.store).await.unwrap(),
        load_directory_to_change(&*platform.store).await.unwrap(),
    );
    assert!(save_directory(platform, one, operation()).await.unwrap());
    assert!(!save_directory(platform, other, operation()).await.unwrap());
}

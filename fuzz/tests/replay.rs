//! Every target over its kept inputs and mutations of them: the short run of every test run.

use causeway_fuzz::replay::replay;
use causeway_fuzz::target;

fn run(name: &str) {
    let target = target(name).expect("a target of this name");
    let count = replay(target).expect("its inputs");
    assert!(count > 300, "{count} inputs of {name} are too few");
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_target_has_a_test() {
            let tested = [$(stringify!($name)),*];
            let named = causeway_fuzz::TARGETS.iter().map(|target| target.name);
            assert_eq!(named.collect::<Vec<_>>(), tested);
        }
    };
}

targets! {
    ucsp upay jws jwe in_body certificates orders documents messages http secrets texts partner
    write_sets
}

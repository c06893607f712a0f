//! What the documentation, the example and the deployments say of variables is what the code does.

use processor::Config;
use service::Environment;
use testkit::configuration::{deployed, documented, exemplified};

#[test]
fn every_variable_that_is_read_is_documented_with_its_default_and_no_other_is() {
    let mut env = Environment::new(&|_| None);
    let _ = Config::read(&mut env);
    let read = env.asked().iter().map(|asked| (asked.variable.clone(), asked.default.clone())).collect();
    assert_eq!(documented("processor"), read);
    let example = exemplified("processor");
    assert!(example.keys().eq(read.keys()), "{example:#?}");
    for (variable, default) in example {
        assert!(default.is_none() || default == read[&variable], "{variable} in .env.example");
    }
    for (variable, file) in deployed("processor") {
        let variable = variable.strip_suffix("_FILE").unwrap_or(&variable);
        assert!(read.contains_key(variable), "{variable} in {} is read by nobody", file.display());
    }
}

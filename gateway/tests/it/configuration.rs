//! What the documentation, the example and the deployments say of variables is what the code does.

#[test]
fn every_variable_that_is_read_is_documented_with_its_default_and_no_other_is() {
    testkit::configuration::assert_documented("gateway", gateway::Config::read);
}

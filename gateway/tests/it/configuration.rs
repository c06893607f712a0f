//! Variables in the documentation, in `.env.example` and in the deployments match the code.

#[test]
fn documents_every_variable_with_its_default_and_no_other() {
    testkit::configuration::assert_documented("gateway", gateway::Config::read);
}

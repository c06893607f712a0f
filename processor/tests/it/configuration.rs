//! The documented environment variables are those the code reads.

#[test]
fn documents_every_variable_with_its_default_and_no_other() {
    testkit::configuration::assert_documented("processor", processor::Config::read);
}

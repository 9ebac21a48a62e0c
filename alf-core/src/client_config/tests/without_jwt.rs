//! The feature `config` without the feature `jwt`.

use crate::CustomTransport;

use super::*;

#[test]
fn methods_that_need_another_feature_name_it() {
    for settings in [
        r#""private_key_file":"/run/key""#,
        r#""client_secret":"s","token_endpoint_auth_method":"client_secret_jwt""#,
    ] {
        let file =
            format!(r#"{{"token_endpoint":"https://as.example/t","client_id":"me",{settings}}}"#);
        let config: ClientConfig = serde_json::from_str(&file).unwrap();
        let error = config.builder::<CustomTransport>().unwrap_err();
        assert_eq!(error.setting(), "token_endpoint_auth_method");
        assert!(error.to_string().contains("the feature `jwt`"), "{error}");
    }
}

#[cfg(not(feature = "store"))]
#[test]
fn keys_of_a_store_name_the_feature_that_they_need() {
    for key in [
        "sealing_key_file",
        "previous_sealing_key_env",
        "store_prefix",
    ] {
        let file = format!(
            r#"{{"token_endpoint":"https://as.example/t","client_id":"me","client_secret":"s",
                "{key}":"a"}}"#
        );
        let config: ClientConfig = serde_json::from_str(&file).unwrap();
        let error = config.builder::<CustomTransport>().unwrap_err();
        assert_eq!(error.setting(), key);
        assert!(error.to_string().contains("the feature `store`"), "{error}");
    }
}

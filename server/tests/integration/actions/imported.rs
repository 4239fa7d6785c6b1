//! Keys that another system made: what programs of sendSMS's customers have in their settings.

use super::{PROGRAMS, WAYS, assert_refused, details, send, started, told};
use domain::import::ImportLine;
use serde_json::json;
use service::import::ImportOptions;

#[tokio::test]
async fn imported_keys_of_any_shape_act_for_their_user_alone() {
    let app = started().await;
    app.add_user("other").await;
    let longest = "x".repeat(512);
    // One that is as short as an SMPP secret, one as sendSMS's guides show, one that has to be encoded, the longest.
    let tokens =
        ["abcd1234", "ocis3wpcy4s1ruzpnw5fedmu1fynalhxdh93pe20a4k3ej", "sk_live_51Hb/+=&%41", &longest];
    let mut import =
        app.services.importer.begin(ImportOptions { create_users: false, dry_run: false }).unwrap();
    for (line, token) in (2..).zip(tokens) {
        let key = ImportLine {
            username: "demouser",
            description: "x",
            key_type: "default",
            token,
            ..ImportLine::default()
        };
        import.add(line, &key).unwrap();
    }
    assert_eq!(import.finish().await.unwrap().keys, 4);
    for token in tokens {
        for way in WAYS {
            let pairs =
                |username| [("action", "token_list_ips"), ("username", username), ("password", token)];
            let foreign = told(&send(&app, PROGRAMS, way, &pairs("other")).await);
            assert_refused(&foreign, -4, "wrong_credentials");
            assert_eq!(details(&told(&send(&app, PROGRAMS, way, &pairs("DemoUser")).await)), json!([]));
        }
    }
}

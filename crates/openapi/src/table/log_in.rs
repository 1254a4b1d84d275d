use keyarc_wire::{
    ChallengeRequest, ChallengeResponse, ErrorCode, FinishRecoveryRequest, LoginRequest,
    LoginResponse, PasskeyFactorRequest, PasskeyLoginRequest, RecoverRequest, RecoverResponse,
    RefreshResponse, SecondFactorRequest, SignUpRequest, paths,
};

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

const NONCE: &str = "`login_refused`: the nonce of a proof works once.";

pub(super) fn operations() -> Vec<Operation> {
    let post = Operation {
        id: "",
        method: Method::Post,
        path: "",
        area: Area::LogIn,
        summary: "",
        words: "",
        access: Access::Anybody,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        effect: Effect::Writes(NONCE),
        refuses: &[ErrorCode::LoginRefused],
    };
    vec![
        Operation {
            id: "makeChallenge",
            path: paths::CHALLENGE,
            summary: "Ask for a nonce to sign",
            words: "The nonce works once within 60 seconds. Known and unknown handles get the same answer.",
            takes: Takes::json::<ChallengeRequest>(),
            gives: Gives::json::<ChallengeResponse>(),
            effect: Effect::Reads,
            refuses: &[],
            ..post.clone()
        },
        Operation {
            id: "signUp",
            path: paths::SIGN_UP,
            summary: "Make an account",
            words: "Makes an account, its personal vault and a browser's session. The proof is signed with purpose `sign-up`.",
            takes: Takes::json::<SignUpRequest>(),
            gives: Gives::session::<LoginResponse>(201),
            refuses: &[ErrorCode::LoginRefused, ErrorCode::HandleTaken],
            ..post.clone()
        },
        Operation {
            id: "logIn",
            path: paths::LOGIN,
            summary: "Log in",
            words: "Begins a session: a browser's in a cookie, a program's with `session_token`. When the proof is right and the account has a second factor there is no session yet, but `second_factor_required` and how to go on.",
            takes: Takes::json::<LoginRequest>(),
            gives: Gives::session::<LoginResponse>(200),
            refuses: &[ErrorCode::LoginRefused, ErrorCode::SecondFactorRequired],
            ..post.clone()
        },
        Operation {
            id: "logInWithCode",
            path: paths::LOGIN_SECOND_FACTOR,
            summary: "Go on with a code",
            words: "The second half of a log-in, by six digits of an authenticator app or by a recovery code. `second_factor_refused`: another code may be tried with the same token; after five wrong ones within 15 minutes `rate_limited`.",
            takes: Takes::json::<SecondFactorRequest>(),
            gives: Gives::session::<LoginResponse>(200),
            effect: Effect::Writes("`login_refused`: the token works once."),
            refuses: &[ErrorCode::LoginRefused, ErrorCode::SecondFactorRefused],
            ..post.clone()
        },
        Operation {
            id: "logInWithSecondPasskey",
            path: paths::LOGIN_PASSKEY_FACTOR,
            summary: "Go on with a passkey",
            words: "The second half of a log-in, by a passkey that signed the token. `passkey_refused`: another way may be tried with the same token.",
            takes: Takes::json::<PasskeyFactorRequest>(),
            gives: Gives::session::<LoginResponse>(200),
            effect: Effect::Writes("`login_refused`: the token works once."),
            refuses: &[ErrorCode::LoginRefused, ErrorCode::PasskeyRefused],
            ..post.clone()
        },
        Operation {
            id: "logInWithPasskey",
            path: paths::LOGIN_PASSKEY,
            summary: "Log in with a passkey alone",
            words: "For a passkey that opens the vault, without a second factor. The proof is signed by the key that the passkey's output gives, and the assertion has the server's nonce as its challenge.",
            takes: Takes::json::<PasskeyLoginRequest>(),
            gives: Gives::session::<LoginResponse>(200),
            ..post.clone()
        },
        Operation {
            id: "recover",
            path: paths::RECOVER,
            summary: "Ask for what a recovery key opens",
            words: "Gives the wrapped keys to whoever proves the recovery key, and no session. With a second factor `second_factor_required`; then the same request once more with `second_factor`.",
            takes: Takes::json::<RecoverRequest>(),
            gives: Gives::json::<RecoverResponse>(),
            refuses: &[
                ErrorCode::LoginRefused,
                ErrorCode::SecondFactorRequired,
                ErrorCode::SecondFactorRefused,
            ],
            ..post.clone()
        },
        Operation {
            id: "finishRecovery",
            path: paths::RECOVER_FINISH,
            summary: "Put new keys in force by the recovery key",
            words: "Ends every session of the account and begins one. `conflict` when the keyset does not follow on the one in force.",
            takes: Takes::json::<FinishRecoveryRequest>(),
            gives: Gives::session::<LoginResponse>(200),
            effect: Effect::Writes("`login_refused`: the ticket works once."),
            refuses: &[ErrorCode::LoginRefused, ErrorCode::Conflict],
            ..post.clone()
        },
        Operation {
            id: "makeAccessToken",
            path: paths::REFRESH,
            summary: "Exchange the session token for an access token",
            words: "An access token works for 15 minutes. Neither an access token nor a browser's cookie gets one.",
            access: Access::SessionToken,
            gives: Gives::json::<RefreshResponse>(),
            effect: Effect::Reads,
            refuses: &[],
            ..post.clone()
        },
        Operation {
            id: "logOut",
            path: paths::LOGOUT,
            summary: "Log out",
            words: "Ends the session that asks, from the next request on.",
            access: Access::AnySession,
            gives: Gives::CookieEnds,
            effect: Effect::Writes("`unauthenticated`: the session has ended."),
            refuses: &[],
            ..post
        },
    ]
}

use keyarc_client::{Host as _, NativeHost};
use keyarc_vault::generate::{PassphraseRecipe, PasswordRecipe, Recipe, generate};

use crate::{args::Generate, failure::Failure, output};

/// Makes a secret. It needs neither an account nor a server.
pub fn run(wish: &Generate) -> Result<(), Failure> {
    let recipe = match *wish {
        Generate { uuid: true, .. } => Recipe::Uuid,
        Generate {
            hex: Some(bytes), ..
        } => Recipe::Hex { bytes },
        Generate {
            base64: Some(bytes),
            ..
        } => Recipe::Base64 { bytes },
        Generate {
            words: Some(words), ..
        } => Recipe::Passphrase(PassphraseRecipe {
            words,
            ..PassphraseRecipe::default()
        }),
        Generate {
            length, no_symbols, ..
        } => Recipe::Password(PasswordRecipe {
            length,
            symbols: !no_symbols,
            ..PasswordRecipe::default()
        }),
    };
    let made = generate(&recipe, &mut NativeHost.rng())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    output::secret(format!("{}\n", made.value).as_bytes())
}

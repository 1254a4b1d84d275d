//! What a machine keeps of its token.

use keyarc_client::{KeptCopy, KeptFloor, Machine, NativeHost, NativeTransport, Pin};
use keyarc_crypto::MachineToken;
use keyarc_wire::VaultId;

use crate::counter_rng::CounterRng;

/// What is read has one form. No bytes open by chance, or after an edit; and of what somebody made up
/// who has the token, nothing is believed.
pub fn kept(data: &[u8]) {
    let mut rng = CounterRng::new(1);
    let token = MachineToken::make(&mut rng);
    assert!(KeptCopy::open(&token, data).is_err());
    assert!(KeptFloor::open(&token, data).is_err());
    let edited = |mut sealed: Vec<u8>| {
        let [at, mask] = [0, 1].map(|place| data.get(place).copied().unwrap_or(0));
        let at = usize::from(at) % sealed.len();
        sealed[at] ^= mask;
        (sealed, mask == 0)
    };
    if let Ok(floor) = KeptFloor::decode(data) {
        assert_eq!(floor.encode(), data);
        let sealed = floor.seal(&token, &mut rng).expect("a sound generator");
        let (sealed, is_whole) = edited(sealed);
        assert_eq!(KeptFloor::open(&token, &sealed) == Ok(floor), is_whole);
    }
    if let Ok(copy) = KeptCopy::decode(data) {
        assert_eq!(copy.encode(), data);
        let sealed = copy.seal(&token, &mut rng).expect("a sound generator");
        let (sealed, is_whole) = edited(sealed);
        assert_eq!(KeptCopy::open(&token, &sealed).is_ok(), is_whole);
        let floor = KeptFloor(Pin {
            vault: VaultId([0; 16]),
            version: 0,
            hash: [0; 32],
        });
        let opened =
            Machine::<NativeTransport, NativeHost>::open_kept(NativeHost, &token, &copy, &floor);
        assert!(opened.is_err());
    }
}

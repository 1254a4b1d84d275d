/// Short, common, and hard to mistake for one another: one for each byte. Their order is part of
/// the protocol.
pub(super) const WORDS: [&str; 256] = [
    "acid", "acorn", "actor", "adult", "agent", "album", "alley", "amber", "angle", "ankle",
    "apple", "apron", "arena", "armor", "arrow", "aspen", "atlas", "attic", "audio", "autumn",
    "bacon", "badge", "bagel", "baker", "bamboo", "banana", "banjo", "barrel", "basin", "basket",
    "beach", "beaver", "bench", "berry", "bicycle", "birch", "bishop", "bitter", "blanket",
    "blossom", "bonus", "bottle", "boulder", "brave", "bread", "brick", "bridge", "bronze",
    "brush", "bubble", "bucket", "buffalo", "butter", "button", "cabin", "cactus", "camel",
    "candle", "canoe", "canyon", "carbon", "cargo", "carpet", "castle", "cedar", "cello", "cement",
    "chalk", "cherry", "chimney", "cinema", "circus", "citrus", "clay", "cliff", "clover",
    "cobalt", "coconut", "comet", "copper", "coral", "corner", "cotton", "cradle", "crater",
    "cricket", "crystal", "cuckoo", "curtain", "cushion", "cymbal", "daisy", "dancer", "dentist",
    "desert", "diamond", "dinner", "doctor", "dolphin", "donkey", "dragon", "drummer", "eagle",
    "easel", "echo", "eclipse", "elbow", "elephant", "ember", "engine", "envelope", "fabric",
    "falcon", "fashion", "feather", "fennel", "ferry", "fiddle", "filter", "flamingo", "flannel",
    "flute", "forest", "fossil", "fountain", "fox", "galaxy", "garden", "garlic", "gecko", "giant",
    "ginger", "giraffe", "glacier", "globe", "goblet", "gorilla", "granite", "grape", "guitar",
    "hammer", "harbour", "hazel", "hedge", "helmet", "heron", "hockey", "honey", "horizon",
    "hotel", "igloo", "infant", "island", "ivory", "jacket", "jaguar", "jasmine", "jelly",
    "jersey", "jungle", "kayak", "kettle", "kiosk", "kitten", "koala", "ladder", "lagoon",
    "lantern", "lemon", "leopard", "library", "lilac", "lizard", "lobster", "lotus", "magnet",
    "mango", "maple", "marble", "market", "meadow", "melon", "mercury", "mirror", "monkey",
    "mosaic", "mountain", "muffin", "museum", "nectar", "needle", "nickel", "noodle", "nutmeg",
    "oasis", "ocean", "olive", "onion", "opera", "orchid", "ostrich", "otter", "oyster", "paddle",
    "palace", "panda", "paper", "parrot", "pebble", "pepper", "piano", "picnic", "pigeon",
    "pillow", "pirate", "planet", "plum", "pocket", "polar", "pony", "potato", "pumpkin", "puzzle",
    "pyramid", "quartz", "quiver", "rabbit", "radar", "raven", "ribbon", "river", "robot",
    "rocket", "saddle", "salmon", "satin", "saturn", "scarf", "shadow", "silver", "sketch",
    "spider", "spiral", "sponge", "statue", "summer", "sunset", "tablet", "teapot", "temple",
    "thunder", "tiger", "timber", "tomato", "tractor", "trumpet",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::WORDS;

    #[test]
    fn no_two_are_alike() {
        let beginnings: BTreeSet<&str> = WORDS
            .iter()
            .map(|word| &word[..3.min(word.len())])
            .collect();
        assert!(beginnings.len() > 180, "{}", beginnings.len());
        assert_eq!(WORDS.iter().collect::<BTreeSet<_>>().len(), WORDS.len());
        assert!(
            WORDS
                .iter()
                .all(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
        );
    }
}

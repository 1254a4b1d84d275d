//! The client against servers that work, fail and lie. One program, so that it is linked once.

#[cfg(test)]
mod attachments;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod common;
#[cfg(test)]
mod earlier;
#[cfg(test)]
mod history;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod kept_unlock;
#[cfg(test)]
mod link;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod moment;
#[cfg(test)]
mod native;
#[cfg(test)]
mod passkey;
#[cfg(test)]
mod password;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod rekey;
#[cfg(test)]
mod reminders;
#[cfg(test)]
mod second_factor;
#[cfg(test)]
mod session;
#[cfg(test)]
mod taking;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod writes;

//! What people use of themselves.

use domain::email::EmailAddress;
use domain::user::User;
use zeroize::Zeroizing;

/// Shorter words are parts of too many others.
const WORD_MIN: usize = 3;
/// What the product is called.
const PRODUCT: [&str; 2] = ["m1autoposter", "autoposter"];

/// The words of a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    /// Their address.
    pub(crate) address: Option<&'a EmailAddress>,
    /// Their name.
    pub(crate) name: &'a str,
    /// What their workspaces are called.
    pub(crate) workspaces: &'a [String],
}

impl<'a> Words<'a> {
    /// Those of a person, whose workspaces are called so.
    pub(crate) fn of(user: &'a User, workspaces: &'a [String]) -> Self {
        Self {
            address: Some(&user.email),
            name: &user.name,
            workspaces,
        }
    }

    /// A text in lower case without these words, and without the product's name.
    pub(super) fn taken_out_of(self, text: &str) -> Zeroizing<String> {
        let wholes = self.wholes();
        let own = wholes.iter().flat_map(|whole| parts(whole));
        own.chain(PRODUCT)
            .fold(Zeroizing::new(text.to_owned()), |rest, word| {
                Zeroizing::new(rest.replace(word, ""))
            })
    }

    /// All of them in lower case, as wholes, without their spaces, and in parts; and the product's name.
    pub(super) fn each(self) -> Vec<String> {
        let wholes = self.wholes();
        let local_part = wholes.first().and_then(|address| address.split('@').next());
        let mut each: Vec<String> = wholes.iter().map(|whole| whole.replace(' ', "")).collect();
        each.extend(
            wholes
                .iter()
                .flat_map(|whole| parts(whole))
                .map(str::to_owned),
        );
        each.extend(local_part.into_iter().chain(PRODUCT).map(str::to_owned));
        each.extend(wholes);
        each.retain(|word| word.chars().count() >= WORD_MIN);
        each.sort();
        each.dedup();
        each
    }

    /// Address, name and workspaces in lower case.
    fn wholes(self) -> Vec<String> {
        let address = self.address.map(EmailAddress::normalized);
        let names = [self.name].into_iter();
        let names = names.chain(self.workspaces.iter().map(String::as_str));
        let names = names.map(str::to_lowercase);
        let address = address.unwrap_or_default();
        [address].into_iter().chain(names).collect()
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| word.chars().count() >= WORD_MIN)
}

//! One act on several keys at once: each goes through the use case of one.

use super::{KeyEdit, Keys, ListedKey};
use crate::accounts::{Actor, KeyManager};
use contract::Refusal;
use domain::ids::KeyId;
use domain::key_list::PageSize;
use futures::future::join_all;

/// What is done to several keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeveralAct {
    /// They are deleted.
    Delete,
    /// They are paused.
    Pause,
}

/// How far an act on several keys came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeveralDone {
    /// To how many it was done.
    pub done: usize,
    /// To how many it could not be done; nothing was changed of them.
    pub left: usize,
}

impl Keys {
    /// The keys with these ids, in their order.
    ///
    /// # Errors
    /// `NotFound`: none is named, more than a page of the list has, or one that the actor may not see.
    pub async fn find_several(&self, actor: &Actor, ids: &[String]) -> Result<Vec<ListedKey>, Refusal> {
        let mut wanted: Vec<KeyId> = Vec::with_capacity(ids.len().min(PageSize::Hundred as usize));
        for id in ids {
            let id = id.parse().map_err(|_| Refusal::NotFound)?;
            if !wanted.contains(&id) {
                wanted.push(id);
            }
            if wanted.len() > PageSize::Hundred as usize {
                return Err(Refusal::NotFound);
            }
        }
        let keys = self.rows_of(actor.scope(), &wanted).await?;
        if keys.is_empty() || keys.len() != wanted.len() {
            return Err(Refusal::NotFound);
        }
        Ok(keys)
    }

    /// Does one act to all keys with these ids. Whoever names one that the actor may not see changes nothing.
    ///
    /// # Errors
    /// As [`Keys::find_several`], or it could be done to none of them.
    pub async fn act_on_several(
        &self,
        actor: KeyManager<'_>,
        act: SeveralAct,
        ids: &[String],
    ) -> Result<SeveralDone, Refusal> {
        let keys = self.find_several(&actor, ids).await?;
        // Together, so that the writer of the state commits them as one.
        let acts = keys.iter().map(|key| self.act_on(actor, act, key));
        let outcomes = join_all(acts).await;
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        match outcomes.into_iter().find_map(Result::err) {
            Some(refusal) if done == 0 => Err(refusal),
            _ => Ok(SeveralDone { done, left: keys.len() - done }),
        }
    }

    async fn act_on(&self, actor: KeyManager<'_>, act: SeveralAct, key: &ListedKey) -> Result<(), Refusal> {
        let id = key.row.id.to_string();
        match act {
            SeveralAct::Delete => self.delete_key(actor, &id).await,
            SeveralAct::Pause => {
                let edit = KeyEdit { paused: Some(true), ..KeyEdit::default() };
                self.change_key(actor, &id, edit).await
            }
        }
    }
}

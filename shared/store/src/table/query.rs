//! Reading partitions, of the table and of its indexes.

use domain::Result;

use super::{Table, unavailable};
use crate::attribute::{Attributes, text};
use crate::condition::Expressions;
use crate::meter::Direction;
use crate::schema::{Index, PK, SK};

/// What to read of a partition.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) index: Option<Index>,
    pub(crate) partition: String,
    pub(crate) range: Range,
    pub(crate) is_descending: bool,
    pub(crate) limit: Option<i32>,
    /// Only what the index projects beside the keys.
    is_without_keys: bool,
}

/// Which sort keys to read.
#[derive(Clone, Debug)]
pub(crate) enum Range {
    All,
    Prefix(String),
    Between(String, String),
    Below(String),
    Above(String),
}

impl Query {
    pub(crate) fn of_table(partition: String, range: Range) -> Self {
        Self {
            index: None,
            partition,
            range,
            is_descending: false,
            limit: None,
            is_without_keys: false,
        }
    }

    pub(crate) fn of_index(index: Index, partition: String, range: Range) -> Self {
        Self {
            index: Some(index),
            partition,
            range,
            is_descending: false,
            limit: None,
            is_without_keys: false,
        }
    }

    pub(crate) fn descending(mut self) -> Self {
        self.is_descending = true;
        self
    }

    pub(crate) fn limit(mut self, limit: i32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Leaves the keys of an index's entries out of the answer: they are the larger part of a small entry.
    pub(crate) fn without_keys(mut self) -> Self {
        self.is_without_keys = true;
        self
    }
}

/// Some items of a query.
#[derive(Debug)]
pub(crate) struct QueryPage {
    pub(crate) items: Vec<Attributes>,
    /// Where to go on; `None` at the end.
    pub(crate) next: Option<Attributes>,
}

impl Table {
    /// One page of a query; reads of an index are eventually consistent, of the table strongly.
    pub(crate) async fn query(
        &self,
        query: &Query,
        start: Option<Attributes>,
    ) -> Result<QueryPage> {
        let mut expressions = Expressions::default();
        let (partition, sort) = query
            .index
            .map_or((PK, SK), |index| (index.partition, index.sort));
        let mut condition = format!(
            "{} = {}",
            expressions.name(partition),
            expressions.value(&text(&query.partition))
        );
        let mut bound = |value: &String| expressions.value(&text(value));
        let range = match &query.range {
            Range::All => None,
            Range::Prefix(prefix) => Some(format!("begins_with(#{sort}, {})", bound(prefix))),
            Range::Between(first, last) => Some(format!(
                "#{sort} BETWEEN {} AND {}",
                bound(first),
                bound(last)
            )),
            Range::Below(end) => Some(format!("#{sort} < {}", bound(end))),
            Range::Above(start) => Some(format!("#{sort} > {}", bound(start))),
        };
        if let Some(range) = range {
            expressions.name(sort);
            condition = format!("{condition} AND {range}");
        }
        let projected = query.index.filter(|_| query.is_without_keys).map(|index| {
            let names = index.projected.iter().map(|name| expressions.name(name));
            names.collect::<Vec<_>>().join(", ")
        });
        let answer = self
            .client
            .query()
            .table_name(&self.settings.name)
            .set_index_name(query.index.map(|index| index.name.to_owned()))
            .key_condition_expression(condition)
            .set_projection_expression(projected)
            .set_expression_attribute_names(expressions.names())
            .set_expression_attribute_values(expressions.values())
            .scan_index_forward(!query.is_descending)
            .set_limit(query.limit)
            .consistent_read(query.index.is_none())
            .set_exclusive_start_key(start)
            .set_return_consumed_capacity(self.wanted_capacity())
            .send()
            .await
            .map_err(unavailable)?;
        self.count(Direction::Read, answer.consumed_capacity());
        Ok(QueryPage {
            items: answer.items.unwrap_or_default(),
            next: answer.last_evaluated_key,
        })
    }

    /// All items of a query. Only where their number is bounded by design.
    pub(crate) async fn query_all(&self, query: &Query) -> Result<Vec<Attributes>> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self.query(query, start).await?;
            items.extend(page.items);
            start = page.next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}

//! A figure that is kept elsewhere and read when metrics are asked for.

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use std::collections::HashMap;

/// Reads a value.
pub(super) type Read = Box<dyn Fn() -> f64 + Send + Sync>;

/// One metric family: a counter if its name ends with `_total`, else a gauge.
pub(super) struct Reading {
    name: &'static str,
    help: &'static str,
    label: Option<&'static str>,
    values: Vec<(&'static str, Read)>,
    desc: Desc,
}

impl Reading {
    /// A family of one value.
    pub(super) fn one(
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<Self, prometheus::Error> {
        Self::new(name, help, None, vec![("", Box::new(read))])
    }

    /// A family of values, one per value of a label.
    pub(super) fn by(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: Vec<(&'static str, Read)>,
    ) -> Result<Self, prometheus::Error> {
        Self::new(name, help, Some(label), values)
    }

    fn new(
        name: &'static str,
        help: &'static str,
        label: Option<&'static str>,
        values: Vec<(&'static str, Read)>,
    ) -> Result<Self, prometheus::Error> {
        let labels = label.map(str::to_owned).into_iter().collect();
        let desc = Desc::new(name.to_owned(), help.to_owned(), labels, HashMap::new())?;
        Ok(Self { name, help, label, values, desc })
    }

    fn is_counter(&self) -> bool {
        self.name.ends_with("_total")
    }

    fn metric(&self, value: &'static str, read: &Read) -> Metric {
        let mut metric = Metric::default();
        if self.is_counter() {
            let mut counter = Counter::default();
            counter.set_value(read());
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(read());
            metric.set_gauge(gauge);
        }
        if let Some(label) = self.label {
            let mut pair = LabelPair::default();
            pair.set_name(label.to_owned());
            pair.set_value(value.to_owned());
            metric.set_label(vec![pair]);
        }
        metric
    }
}

impl Collector for Reading {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(if self.is_counter() { MetricType::COUNTER } else { MetricType::GAUGE });
        family.set_metric(self.values.iter().map(|(value, read)| self.metric(value, read)).collect());
        vec![family]
    }
}

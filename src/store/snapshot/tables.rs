//! HDF5 vocabulary of a snapshot: columns along named axes, matrices, attributes.
//!
//! Axes are dimension scales (HDF5 "H5DS" convention, also that of netCDF-4), written by hand because
//! the high-level library is not bound: a scale has `CLASS` and `NAME`, a dataset along it refers to
//! it in `DIMENSION_LIST`. The way back (`REFERENCE_LIST`) is optional in every reader tried. The
//! library takes a dataset for a scale only if its `CLASS` is a null-terminated string; the binding
//! writes null-padded ones, hence [`terminate`].

use hdf5::types::{FixedAscii, VarLenArray, VarLenUnicode};
use hdf5::{Dataset, Group, H5Type, Location, ObjectReference1, Result};
use ndarray::{ArrayView1, ArrayView2};
use std::str::FromStr;

/// HDF5 keeps an attribute below 64 KiB; a text takes 16 bytes there.
const LONGEST_LIST: usize = 4000;
/// Units of a point in time.
pub(super) const TIME: &str = "seconds since 1970-01-01 00:00:00";
/// Units of a duration.
pub(super) const SECONDS: &str = "s";

/// Datasets along the axes of one group.
pub(super) struct Table<'a> {
    pub(super) group: &'a Group,
    /// Path of the axis of the rows.
    rows: String,
    height: usize,
}

impl<'a> Table<'a> {
    /// A table in `group` whose rows are labelled by `labels`, the column `name`.
    pub(super) fn new<T: H5Type>(
        group: &'a Group,
        name: &str,
        labels: &[T],
        about: &str,
    ) -> Result<Self> {
        Ok(Self { group, rows: axis(group, name, labels, about)?, height: labels.len() })
    }

    /// A table in `group` of `height` rows without labels; `name` is the name of their axis.
    pub(super) fn unlabelled(group: &'a Group, name: &str, height: usize) -> Result<Self> {
        Ok(Self { group, rows: bare_axis(group, name, height)?, height })
    }

    /// A column of numbers; empty `units` for none.
    pub(super) fn column<T: H5Type>(
        &self,
        name: &str,
        values: &[T],
        units: &str,
        about: &str,
    ) -> Result<Dataset> {
        let set = self.group.new_dataset_builder().with_data(ArrayView1::from(values)).create(name)?;
        attach(&set, &[&self.rows])?;
        describe(&set, units, about)?;
        Ok(set)
    }

    /// A column of numbers in which NaN means that there is none.
    pub(super) fn gappy(&self, name: &str, values: &[f64], units: &str, about: &str) -> Result<Dataset> {
        let set = self.column(name, values, units, about)?;
        missing(&set)?;
        Ok(set)
    }

    /// A column of texts.
    pub(super) fn texts<'t>(
        &self,
        name: &str,
        values: impl Iterator<Item = &'t str>,
        about: &str,
    ) -> Result<Dataset> {
        self.column(name, &texts(values)?, "", about)
    }

    /// A matrix: rows by the axis at `columns`, row-major `values`, NaN where there is none.
    pub(super) fn matrix<T: H5Type>(
        &self,
        name: &str,
        values: &[T],
        (columns, width): (&str, usize),
        about: &str,
    ) -> Result<Dataset> {
        let view = ArrayView2::from_shape((self.height, width), values)
            .map_err(|e| hdf5::Error::Internal(e.to_string()))?;
        let set = self.group.new_dataset_builder().with_data(view).create(name)?;
        attach(&set, &[&self.rows, columns])?;
        describe(&set, "", about)?;
        Ok(set)
    }
}

/// Creates a dataset that labels an axis; returns its path.
pub(super) fn axis<T: H5Type>(group: &Group, name: &str, labels: &[T], about: &str) -> Result<String> {
    let set = group.new_dataset_builder().with_data(ArrayView1::from(labels)).create(name)?;
    describe(&set, "", about)?;
    scale(&set, name)
}

/// Creates an axis of this length without labels, which takes no room in the file.
fn bare_axis(group: &Group, name: &str, length: usize) -> Result<String> {
    let set = group.new_dataset::<f32>().shape(length).create(name)?;
    // netCDF-4's words for it, by which its readers know.
    scale(&set, &format!("This is a netCDF dimension but not a netCDF variable{length:>10}"))
}

fn scale(set: &Dataset, name: &str) -> Result<String> {
    number(set, "CLASS", &ascii::<16>("DIMENSION_SCALE")?)?;
    number(set, "NAME", &ascii::<64>(name)?)?;
    Ok(set.name())
}

/// In the bytes of a finished file, turns every `CLASS` of an axis from null-padded into
/// null-terminated: same size, same text, another kind of padding in the type. Returns how many there
/// were.
pub(super) fn terminate(image: &mut [u8]) -> usize {
    // Name of the attribute; its type: string, version 1, padding in three bytes, size 16; its shape:
    // a scalar; its value.
    const PADDED: &[u8] = b"CLASS\0\x13\x01\0\0\x10\0\0\0\x01\0\0\0\0\0\0\0DIMENSION_SCALE\0";
    const PADDING: usize = 7;
    // The first byte alone rules out most places, and cheaply.
    let here = |w: &[u8]| w[0] == PADDED[0] && w == PADDED;
    let windows = image.windows(PADDED.len()).enumerate();
    let places: Vec<usize> = windows.filter(|(_, w)| here(w)).map(|(at, _)| at).collect();
    for at in &places {
        image[at + PADDING] = 0;
    }
    places.len()
}

fn ascii<const N: usize>(value: &str) -> Result<FixedAscii<N>> {
    FixedAscii::from_ascii(value).map_err(|e| hdf5::Error::Internal(e.to_string()))
}

fn attach(set: &Dataset, axes: &[&str]) -> Result<()> {
    let refer = |path: &&str| {
        let reference: ObjectReference1 = set.file()?.reference(path)?;
        Ok(VarLenArray::from_slice(&[reference]))
    };
    let list = axes.iter().map(refer).collect::<Result<Vec<VarLenArray<ObjectReference1>>>>()?;
    set.new_attr_builder().with_data(ArrayView1::from(&list)).create("DIMENSION_LIST")?;
    Ok(())
}

fn describe(set: &Dataset, units: &str, about: &str) -> Result<()> {
    text(set, "long_name", about)?;
    if units.is_empty() { Ok(()) } else { text(set, "units", units) }
}

/// Says that NaN in `set` stands for "no value".
pub(super) fn missing(set: &Dataset) -> Result<()> {
    number(set, "_FillValue", &f64::NAN)
}

/// A number as attribute.
pub(super) fn number<T: H5Type>(at: &Location, name: &str, value: &T) -> Result<()> {
    at.new_attr::<T>().create(name)?.write_scalar(value)
}

/// A text as attribute.
pub(super) fn text(at: &Location, name: &str, value: &str) -> Result<()> {
    number(at, name, &encode(value)?)
}

/// Several numbers or texts as attribute; none, or too many for HDF5, are left out: `resolved` has
/// them all.
pub(super) fn list<T: H5Type>(at: &Location, name: &str, values: &[T]) -> Result<()> {
    if !values.is_empty() && values.len() <= LONGEST_LIST {
        at.new_attr_builder().with_data(ArrayView1::from(values)).create(name)?;
    }
    Ok(())
}

/// Texts as HDF5 takes them.
pub(super) fn texts<'t>(values: impl Iterator<Item = &'t str>) -> Result<Vec<VarLenUnicode>> {
    values.map(encode).collect()
}

/// Names and units may hold NUL in theory; HDF5's texts end there.
fn encode(value: &str) -> Result<VarLenUnicode> {
    let value = value.replace('\0', "\u{2400}");
    VarLenUnicode::from_str(&value).map_err(|e| hdf5::Error::Internal(e.to_string()))
}

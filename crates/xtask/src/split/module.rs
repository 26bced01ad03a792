//! A module of WebAssembly, read as far as cutting it needs to know it.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    BinaryReaderError, DataSectionReader, Element, ElementItems, ElementKind, Export, ExternalKind, FunctionBody,
    Global, Import, KnownCustom, MemoryType, Name, Operator, Parser, Payload, Table, TypeRef, TypeSectionReader,
};

/// What rustc and wasm-bindgen make of our page: one memory, and nothing imported but functions.
pub(super) struct Module<'a> {
    pub(super) types: Option<TypeSectionReader<'a>>,
    pub(super) imports: Vec<Import<'a>>,
    /// The type of each function, those of imports first.
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) start: Option<u32>,
    pub(super) slots: Vec<Slots>,
    /// Of each function that is not imported.
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) uses: Vec<Uses>,
    pub(super) data: Option<DataSectionReader<'a>>,
    pub(super) names: BTreeMap<u32, &'a str>,
}

/// Functions that stand one after the other in a table.
pub(super) struct Slots {
    pub(super) table: u32,
    pub(super) from: u32,
    pub(super) functions: Vec<u32>,
}

/// What a function's body refers to.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) functions: BTreeSet<u32>,
    pub(super) globals: BTreeSet<u32>,
    pub(super) tables: BTreeSet<u32>,
}

impl<'a> Module<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut module = Self {
            types: None,
            imports: Vec::new(),
            functions: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            exports: Vec::new(),
            start: None,
            slots: Vec::new(),
            bodies: Vec::new(),
            uses: Vec::new(),
            data: None,
            names: BTreeMap::new(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            module.take(payload.map_err(said)?)?;
        }
        Ok(module)
    }

    /// How many functions there are, imported ones among them.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.functions.len()).unwrap_or(u32::MAX)
    }

    /// The functions that are imported.
    pub(super) fn foreign(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.imports.len()).unwrap_or(u32::MAX)
    }

    /// Functions with those of one size together: what one generic function became for several types, which are then where a
    /// compressor finds them.
    pub(super) fn by_size(&self, functions: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut functions: Vec<u32> = functions.collect();
        functions.sort_by_key(|function| self.body(*function).map(|(body, _)| body.range().len()));
        functions
    }

    /// The functions that are not imported.
    pub(super) fn own(&self) -> impl Iterator<Item = u32> + use<> {
        u32::try_from(self.imports.len()).unwrap_or(u32::MAX)..self.count()
    }

    /// What a function does, unless it is imported.
    pub(super) fn body(&self, function: u32) -> Option<(&FunctionBody<'a>, &Uses)> {
        let at = (function as usize).checked_sub(self.imports.len())?;
        Some((self.bodies.get(at)?, self.uses.get(at)?))
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<(), String> {
        match payload {
            Payload::TypeSection(types) => self.types = Some(types),
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.map_err(said)?;
                    let TypeRef::Func(kind) = import.ty else {
                        return Err(format!("it imports {}, which is no function", import.name));
                    };
                    self.functions.push(kind);
                    self.imports.push(import);
                }
            }
            Payload::FunctionSection(functions) => {
                for kind in functions {
                    self.functions.push(kind.map_err(said)?);
                }
            }
            Payload::TableSection(tables) => {
                self.tables = tables.into_iter().collect::<Result<_, _>>().map_err(said)?;
            }
            Payload::MemorySection(memories) => {
                self.memories = memories.into_iter().collect::<Result<_, _>>().map_err(said)?;
            }
            Payload::GlobalSection(globals) => {
                self.globals = globals.into_iter().collect::<Result<_, _>>().map_err(said)?;
            }
            Payload::ExportSection(exports) => {
                self.exports = exports.into_iter().collect::<Result<_, _>>().map_err(said)?;
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(elements) => {
                for element in elements {
                    self.slots.extend(slots(element.map_err(said)?)?);
                }
            }
            Payload::CodeSectionEntry(body) => {
                self.uses.push(Uses::of(&body)?);
                self.bodies.push(body);
            }
            Payload::DataSection(data) => self.data = Some(data),
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(names) = custom.as_known() {
                    for name in names {
                        let Name::Function(map) = name.map_err(said)? else { continue };
                        for naming in map {
                            let naming = naming.map_err(said)?;
                            self.names.insert(naming.index, naming.name);
                        }
                    }
                }
            }
            Payload::Version { .. }
            | Payload::CodeSectionStart { .. }
            | Payload::DataCountSection { .. }
            | Payload::End(_) => {}
            other => return Err(format!("it has a section that nobody expected: {other:?}")),
        }
        Ok(())
    }

    /// The exported functions.
    pub(super) fn exported(&self) -> impl Iterator<Item = u32> {
        self.exports.iter().filter(|export| export.kind == ExternalKind::Func).map(|export| export.index)
    }
}

/// What an element section puts where; what it only declares is for `ref.func`, which is refused elsewhere.
pub(super) fn slots(element: Element<'_>) -> Result<Option<Slots>, String> {
    let ElementKind::Active { table_index, offset_expr } = element.kind else {
        return match element.kind {
            ElementKind::Declared => Ok(None),
            _ => Err("it fills a table while it runs".to_owned()),
        };
    };
    let mut offset = offset_expr.get_operators_reader();
    let Operator::I32Const { value } = offset.read().map_err(said)? else {
        return Err("the place of functions in a table is not known before it runs".to_owned());
    };
    let ElementItems::Functions(functions) = element.items else {
        return Err("a table has something else than functions".to_owned());
    };
    let functions = functions.into_iter().collect::<Result<_, _>>().map_err(said)?;
    Ok(Some(Slots { table: table_index.unwrap_or(0), from: value.cast_unsigned(), functions }))
}

impl Uses {
    fn of(body: &FunctionBody<'_>) -> Result<Self, String> {
        let mut uses = Self::default();
        for operator in body.get_operators_reader().map_err(said)? {
            match operator.map_err(said)? {
                Operator::Call { function_index } => drop(uses.functions.insert(function_index)),
                Operator::CallIndirect { table_index, .. }
                | Operator::TableGet { table: table_index }
                | Operator::TableSet { table: table_index }
                | Operator::TableGrow { table: table_index }
                | Operator::TableSize { table: table_index }
                | Operator::TableFill { table: table_index } => drop(uses.tables.insert(table_index)),
                Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
                    uses.globals.insert(global_index);
                }
                operator @ (Operator::RefFunc { .. }
                | Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::TableInit { .. }
                | Operator::TableCopy { .. }
                | Operator::ElemDrop { .. }
                | Operator::MemoryInit { .. }
                | Operator::DataDrop { .. }) => {
                    return Err(format!("it has an instruction that nobody expected: {operator:?}"));
                }
                _ => {}
            }
        }
        Ok(uses)
    }
}

/// A reader's error in its own words.
#[expect(clippy::needless_pass_by_value, reason = "used as a function for `map_err`, which gives values")]
fn said(error: BinaryReaderError) -> String {
    error.to_string()
}

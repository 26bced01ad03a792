//! Cuts a module in two that share one memory and one table.
//!
//! The first half has everything but the functions that can wait. Where it calls one of those, it calls through a slot of the
//! table that is empty until the rest comes, and an empty slot traps. The rest has those functions alone; whatever else they
//! need they import from the first, which exports it under short names.

use core::convert::Infallible;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, ImportSection, Instruction, MemorySection, StartSection, TableSection, TypeSection,
};
use wasmparser::{FunctionBody, Operator};

use super::module::Module;

/// The name under which the rest imports what the first half exports.
const FROM_FIRST: &str = "";

/// What became of a module.
pub(super) struct Halves {
    pub(super) first: Vec<u8>,
    pub(super) rest: Vec<u8>,
    /// What the module imports, in the order of the short names that the first half has for it.
    pub(super) imports: Vec<String>,
    /// How many functions there were, and how many of them can wait.
    pub(super) functions: usize,
    pub(super) moved: usize,
}

/// Cuts `bytes`: functions whose names can wait go into the rest, with what only they call.
pub(super) fn cut(bytes: &[u8], can_wait: impl Fn(&str) -> bool) -> Result<Halves, String> {
    let module = Module::read(bytes)?;
    let cut = Cut::new(&module, moved(&module, can_wait))?;
    let said = |error: Error<Infallible>| error.to_string();
    Ok(Halves {
        first: cut.first().map_err(said)?,
        rest: cut.rest().map_err(said)?,
        imports: module.imports.iter().map(|import| import.name.to_owned()).collect(),
        functions: module.bodies.len(),
        moved: cut.moved.len(),
    })
}

/// The functions that can wait: those with such names, and those that nobody else calls. What is exported is called from
/// JavaScript and stays whatever its name; what stands in a table is called by whoever knows its slot, and stays unless its
/// name can wait.
fn moved(module: &Module<'_>, can_wait: impl Fn(&str) -> bool) -> BTreeSet<u32> {
    let waits = |function: &u32| module.names.get(function).is_some_and(|name| can_wait(name));
    let in_tables = module.slots.iter().flat_map(|slots| &slots.functions).copied();
    let mut to_see: Vec<u32> = in_tables.filter(|function| !waits(function)).collect();
    to_see.extend(module.exported().chain(module.start));
    let mut stay = BTreeSet::new();
    while let Some(function) = to_see.pop() {
        if stay.insert(function)
            && let Some((_, uses)) = module.body(function)
        {
            to_see.extend(uses.functions.iter().filter(|called| !waits(called)));
        }
    }
    module.own().filter(|function| !stay.contains(function)).collect()
}

/// A plan: which functions go, and what each half has to know of the other.
struct Cut<'a> {
    module: &'a Module<'a>,
    moved: BTreeSet<u32>,
    /// The table that functions are called through.
    table: u32,
    /// The slots behind the table's own through which the first half calls what has moved.
    calls: BTreeMap<u32, u32>,
    /// What the rest imports.
    functions: BTreeSet<u32>,
    globals: BTreeSet<u32>,
    tables: BTreeSet<u32>,
}

impl<'a> Cut<'a> {
    fn new(module: &'a Module<'a>, moved: BTreeSet<u32>) -> Result<Self, String> {
        let table = module.slots.first().ok_or("it has no table of functions")?.table;
        if module.slots.iter().any(|slots| slots.table != table) {
            return Err("it has several tables of functions".to_owned());
        }
        let mut called = BTreeSet::new();
        let (mut functions, mut globals, mut tables) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::from([table]));
        for function in module.own() {
            let Some((_, uses)) = module.body(function) else { continue };
            if moved.contains(&function) {
                functions.extend(uses.functions.difference(&moved));
                globals.extend(&uses.globals);
                tables.extend(&uses.tables);
            } else {
                called.extend(uses.functions.intersection(&moved));
            }
        }
        let behind = u32::try_from(module.tables[table as usize].ty.initial).map_err(|error| error.to_string())?;
        let calls = called.into_iter().zip(behind..).collect();
        Ok(Self { module, moved, table, calls, functions, globals, tables })
    }

    /// The size of a table once there is room for the calls from one half into the other.
    fn size(&self, table: u32, initial: u64) -> u64 {
        if table == self.table { initial + self.calls.len() as u64 } else { initial }
    }

    fn first(&self) -> Result<Vec<u8>, Error<Infallible>> {
        let module = self.module;
        let stays = |function: &u32| !self.moved.contains(function);
        let own = module.by_size(module.own().filter(stays));
        let mut half = Half {
            functions: numbered(module.foreign().chain(own.iter().copied())),
            own,
            calls: Some(self),
            ..Half::default()
        };
        let mut imports = ImportSection::new();
        for (number, import) in module.imports.iter().enumerate() {
            imports.import(import.module, &short(number), half.entity_type(import.ty)?);
        }
        let mut tables = TableSection::new();
        for (number, table) in (0..).zip(&module.tables) {
            let mut kind = half.table_type(table.ty)?;
            kind.minimum = self.size(number, kind.minimum);
            kind.maximum = kind.maximum.map(|most| self.size(number, most));
            tables.table(kind);
        }
        let mut memories = MemorySection::new();
        for memory in &module.memories {
            memories.memory(half.memory_type(*memory)?);
        }
        let mut globals = GlobalSection::new();
        for global in &module.globals {
            half.parse_global(&mut globals, global.clone())?;
        }
        let mut exports = ExportSection::new();
        for export in &module.exports {
            half.parse_export(&mut exports, *export)?;
        }
        for (name, (kind, number)) in self.shared().into_iter().enumerate() {
            let number = if kind == ExportKind::Func { half.function_index(number)? } else { number };
            exports.export(&name.to_string(), kind, number);
        }
        let mut data = DataSection::new();
        if let Some(reader) = &module.data {
            half.parse_data_section(&mut data, reader.clone())?;
        }
        let mut encoded = wasm_encoder::Module::new();
        encoded.section(&half.types(module)?).section(&imports).section(&half.kinds(module)).section(&tables);
        encoded.section(&memories).section(&globals).section(&exports);
        if let Some(start) = module.start {
            encoded.section(&StartSection { function_index: half.function_index(start)? });
        }
        encoded.section(&half.elements(self, &BTreeMap::new()));
        encoded.section(&half.code(module)?).section(&data);
        Ok(encoded.finish())
    }

    fn rest(&self) -> Result<Vec<u8>, Error<Infallible>> {
        let module = self.module;
        let own = module.by_size(self.moved.iter().copied());
        let mut half = Half {
            functions: numbered(self.functions.iter().chain(&own).copied()),
            globals: numbered(self.globals.iter().copied()),
            tables: numbered(self.tables.iter().copied()),
            own,
            calls: None,
        };
        let mut imports = ImportSection::new();
        for (name, (kind, number)) in self.shared().into_iter().enumerate() {
            let entity = match kind {
                ExportKind::Func => EntityType::Function(module.functions[number as usize]),
                ExportKind::Global => half.global_type(module.globals[number as usize].ty)?.into(),
                ExportKind::Table => {
                    let mut kind = half.table_type(module.tables[number as usize].ty)?;
                    kind.minimum = self.size(number, kind.minimum);
                    kind.maximum = kind.maximum.map(|most| self.size(number, most));
                    kind.into()
                }
                _ => half.memory_type(module.memories[number as usize])?.into(),
            };
            imports.import(FROM_FIRST, &name.to_string(), entity);
        }
        let mut encoded = wasm_encoder::Module::new();
        encoded.section(&half.types(module)?).section(&imports).section(&half.kinds(module));
        encoded.section(&half.elements(self, &self.calls));
        encoded.section(&half.code(module)?);
        Ok(encoded.finish())
    }

    /// What the first half exports and the rest imports, named by its place in this list.
    fn shared(&self) -> Vec<(ExportKind, u32)> {
        let all = |kind, numbers: &BTreeSet<u32>| numbers.iter().map(move |number| (kind, *number)).collect::<Vec<_>>();
        let memories = (0..).take(self.module.memories.len()).map(|number| (ExportKind::Memory, number)).collect();
        [
            all(ExportKind::Func, &self.functions),
            all(ExportKind::Global, &self.globals),
            all(ExportKind::Table, &self.tables),
            memories,
        ]
        .concat()
    }
}

/// What an import is called, in place of a name with a hash in it.
pub(super) fn short(number: usize) -> String {
    format!("i{number}")
}

/// New numbers for old ones, in that order.
fn numbered(old: impl Iterator<Item = u32>) -> BTreeMap<u32, u32> {
    old.zip(0..).collect()
}

/// Writes one half: what is called how in it. Whatever is not in a map keeps its number.
#[derive(Default)]
struct Half<'a> {
    functions: BTreeMap<u32, u32>,
    globals: BTreeMap<u32, u32>,
    tables: BTreeMap<u32, u32>,
    /// The functions that have their bodies here.
    own: Vec<u32>,
    /// Where calls of what has moved go through the table.
    calls: Option<&'a Cut<'a>>,
}

impl Half<'_> {
    /// Types keep their numbers; those that are in one half only are for wasm-opt to find.
    fn types(&mut self, module: &Module<'_>) -> Result<TypeSection, Error<Infallible>> {
        let mut types = TypeSection::new();
        if let Some(reader) = &module.types {
            self.parse_type_section(&mut types, reader.clone())?;
        }
        Ok(types)
    }

    fn kinds(&self, module: &Module<'_>) -> FunctionSection {
        let mut kinds = FunctionSection::new();
        for function in &self.own {
            kinds.function(module.functions[*function as usize]);
        }
        kinds
    }

    /// The slots of the table with functions of this half, each run of neighbours at once, and what is `behind` the table.
    fn elements(&self, cut: &Cut<'_>, behind: &BTreeMap<u32, u32>) -> ElementSection {
        let own: BTreeSet<u32> = self.own.iter().copied().collect();
        let table = self.tables.get(&cut.table).copied().unwrap_or(cut.table);
        let mut slots: BTreeMap<u32, u32> = behind.iter().map(|(function, slot)| (*slot, *function)).collect();
        for run in &cut.module.slots {
            slots.extend((run.from..).zip(run.functions.iter().copied()));
        }
        // Imported functions stand in tables as well; they are the first half's.
        slots.retain(|_, function| own.contains(function) || (self.calls.is_some() && !cut.moved.contains(function)));
        let slots: Vec<(u32, u32)> = slots.into_iter().collect();
        let mut elements = ElementSection::new();
        for run in slots.chunk_by(|one, next| one.0 + 1 == next.0) {
            let functions: Vec<u32> = run.iter().map(|(_, function)| self.functions[function]).collect();
            let from = ConstExpr::i32_const(run[0].0.cast_signed());
            elements.active((table > 0).then_some(table), &from, Elements::Functions(Cow::Owned(functions)));
        }
        elements
    }

    fn code(&mut self, module: &Module<'_>) -> Result<CodeSection, Error<Infallible>> {
        let mut code = CodeSection::new();
        for function in self.own.clone() {
            if let Some((body, _)) = module.body(function) {
                code.function(&self.body(body)?);
            }
        }
        Ok(code)
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<Function, Error<Infallible>> {
        let mut function = self.new_function_with_parsed_locals(body)?;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let call = match (&operator, self.calls) {
                (Operator::Call { function_index }, Some(cut)) => {
                    cut.calls.get(function_index).map(|slot| (cut, *function_index, *slot))
                }
                _ => None,
            };
            if let Some((cut, called, slot)) = call {
                let type_index = cut.module.functions[called as usize];
                function.instruction(&Instruction::I32Const(slot.cast_signed()));
                function.instruction(&Instruction::CallIndirect { type_index, table_index: cut.table });
            } else {
                function.instruction(&self.instruction(operator)?);
            }
        }
        Ok(function)
    }
}

impl Reencode for Half<'_> {
    type Error = Infallible;

    fn function_index(&mut self, old: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.functions[&old])
    }

    fn global_index(&mut self, old: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.globals.get(&old).copied().unwrap_or(old))
    }

    fn table_index(&mut self, old: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.tables.get(&old).copied().unwrap_or(old))
    }
}

#[cfg(test)]
mod tests {
    use super::super::module::slots;
    use super::*;
    use wasm_encoder::{GlobalType, MemoryType, NameMap, NameSection, RefType, TableType, ValType};
    use wasmparser::{Parser, Payload, Validator};

    /// Of each function its name and the functions it calls; the first is imported, the second exported, and the table has some.
    const FUNCTIONS: [(&str, &[u32]); 6] = [
        ("js", &[]),
        ("main", &[2, 3]),
        ("first::drawn", &[0]),
        ("later::opened", &[4, 2, 0]),
        ("shared::of_later", &[]),
        ("later::clicked", &[2]),
    ];
    const IN_TABLE: [u32; 3] = [2, 3, 5];

    fn module() -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("./glue.js", "__wbg_js_0123456789abcdef", EntityType::Function(0));
        let (mut kinds, mut code, mut names) = (FunctionSection::new(), CodeSection::new(), NameMap::new());
        for (number, (name, calls)) in (0..).zip(FUNCTIONS) {
            names.append(number, name);
            if number > 0 {
                kinds.function(0);
                let mut function = Function::new([]);
                function.instruction(&Instruction::GlobalGet(0)).instruction(&Instruction::GlobalSet(0));
                for called in calls {
                    function.instruction(&Instruction::Call(*called));
                }
                function.instruction(&Instruction::End);
                code.function(&function);
            }
        }
        let mut tables = TableSection::new();
        let (minimum, maximum) = (4, Some(4));
        tables.table(TableType { element_type: RefType::FUNCREF, minimum, maximum, table64: false, shared: false });
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut globals = GlobalSection::new();
        let pointer = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(pointer, &ConstExpr::i32_const(1024));
        let mut exports = ExportSection::new();
        exports.export("main", ExportKind::Func, 1).export("memory", ExportKind::Memory, 0);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(1), Elements::Functions(Cow::Borrowed(&IN_TABLE)));
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(16), *b"text");
        let mut name_section = NameSection::new();
        name_section.functions(&names);
        module.section(&types).section(&imports).section(&kinds).section(&tables).section(&memories).section(&globals);
        module.section(&exports).section(&elements).section(&code).section(&data).section(&name_section);
        module.finish()
    }

    fn halves() -> Halves {
        cut(&module(), |name| name.starts_with("later::")).unwrap()
    }

    /// A module as it is looked at from outside.
    #[derive(Default)]
    struct Outline {
        imports: Vec<(String, String)>,
        exports: Vec<String>,
        bodies: usize,
        /// The slots of the table that it fills.
        slots: Vec<u32>,
        table: Option<(u64, Option<u64>)>,
        has_data: bool,
    }

    fn outline(module: &[u8]) -> Outline {
        let mut outline = Outline::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.unwrap() {
                Payload::ImportSection(imports) => {
                    let imports = imports.into_imports().map(Result::unwrap);
                    outline.imports.extend(imports.map(|import| (import.module.to_owned(), import.name.to_owned())));
                }
                Payload::ExportSection(exports) => {
                    outline.exports.extend(exports.into_iter().map(|export| export.unwrap().name.to_owned()));
                }
                Payload::TableSection(tables) => {
                    let table = tables.into_iter().next().unwrap().unwrap().ty;
                    outline.table = Some((table.initial, table.maximum));
                }
                Payload::ElementSection(elements) => {
                    for run in elements.into_iter().filter_map(|element| slots(element.unwrap()).unwrap()) {
                        outline.slots.extend((run.from..).take(run.functions.len()));
                    }
                }
                Payload::CodeSectionEntry(_) => outline.bodies += 1,
                Payload::DataSection(_) => outline.has_data = true,
                _ => {}
            }
        }
        outline
    }

    #[test]
    fn both_halves_are_modules_and_have_each_function_once() {
        let Halves { first, rest, functions, moved, .. } = halves();
        for module in [&module(), &first, &rest] {
            Validator::new().validate_all(module).unwrap();
        }
        assert_eq!((functions, moved), (5, 3), "what only later functions call goes with them");
        assert_eq!((outline(&first).bodies, outline(&rest).bodies), (2, 3));
    }

    #[test]
    fn first_half_calls_what_has_moved_through_a_slot_that_the_rest_fills() {
        let Halves { first, rest, .. } = halves();
        let first = outline(&first);
        assert_eq!(first.table, Some((5, Some(5))), "one function is called across");
        // Slot 1 is the drawn function's, 2 and 3 are of the later ones; 4 is behind the table.
        assert_eq!((first.slots, outline(&rest).slots), (vec![1], vec![2, 3, 4]));
    }

    #[test]
    fn rest_imports_exactly_what_the_first_half_exports_for_it() {
        let Halves { first, rest, imports, .. } = halves();
        let (first, rest) = (outline(&first), outline(&rest));
        assert_eq!(imports, ["__wbg_js_0123456789abcdef"]);
        assert_eq!(first.imports, [("./glue.js".to_owned(), short(0))]);
        // The import, the drawn function, the global, the table, the memory.
        assert_eq!(first.exports, ["main", "memory", "0", "1", "2", "3", "4"]);
        assert_eq!(rest.imports, ["0", "1", "2", "3", "4"].map(|name| (FROM_FIRST.to_owned(), name.to_owned())));
        assert!(first.has_data && !rest.has_data && rest.exports.is_empty());
    }

    #[test]
    fn nothing_moves_where_nothing_can_wait_or_names_are_lost() {
        assert_eq!(cut(&module(), |_| false).unwrap().moved, 0);
        assert!(cut(b"not a module", |_| true).is_err());
    }
}

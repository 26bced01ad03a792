//! A module that tells which of its functions were called.
//!
//! Each function leaves a mark in a page of memory that nobody else uses: the one behind the memory that the module begins with,
//! which Rust's allocator only ever asks for more of.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{Instruction, MemArg};
use wasmparser::{FunctionBody, Parser};

use super::module::Module;

/// WebAssembly's page.
const PAGE: u64 = 65_536;

/// Where the marks begin, and the name and size of the function of each.
pub(super) struct Recorder {
    pub(super) module: Vec<u8>,
    pub(super) marks: u64,
    pub(super) functions: Vec<(String, usize)>,
}

/// Makes a module record.
pub(super) fn recording(bytes: &[u8]) -> Result<Recorder, String> {
    let module = Module::read(bytes)?;
    let first = module.memories.first().ok_or("it has no memory")?.initial * PAGE;
    let functions = module.own().zip(&module.bodies).map(|(function, body)| {
        (module.names.get(&function).copied().unwrap_or_default().to_owned(), body.range().len())
    });
    let mut marker = Marker { marks: first, function: 0, pages: u64::from(module.count()).div_ceil(PAGE) };
    let mut encoded = wasm_encoder::Module::new();
    marker.parse_core_module(&mut encoded, Parser::new(0), bytes).map_err(|error| error.to_string())?;
    Ok(Recorder { module: encoded.finish(), marks: first, functions: functions.collect() })
}

struct Marker {
    marks: u64,
    function: u64,
    pages: u64,
}

impl Reencode for Marker {
    type Error = Infallible;

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Result<wasm_encoder::MemoryType, Error<Infallible>> {
        let mut memory = utils::memory_type(self, memory);
        memory.minimum += self.pages;
        Ok(memory)
    }

    fn parse_function_body(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let at = MemArg { offset: self.marks + self.function, align: 0, memory_index: 0 };
        self.function += 1;
        function.instruction(&Instruction::I32Const(0)).instruction(&Instruction::I32Const(1));
        function.instruction(&Instruction::I32Store8(at));
        for operator in body.get_operators_reader()? {
            function.instruction(&self.instruction(operator?)?);
        }
        code.function(&function);
        Ok(())
    }
}

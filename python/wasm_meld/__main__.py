from wasm_meld import main

main()

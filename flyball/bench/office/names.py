"""The words that an office's records are drawn from."""

FIRST_NAMES = (
    *("Anna", "Anne", "Jon", "John", "Mia", "Maya", "Erik", "Erika", "Lars", "Lara"),
    *("Sofia", "Sonja", "Nils", "Nina", "Paul", "Paula", "Omar", "Olga", "Kai", "Karin"),
)
LAST_NAMES = (
    *("Berg", "Bergh", "Lind", "Lund", "Holm", "Holt", "Dahl", "Dale", "Moen", "Moe"),
    *("Strand", "Strom", "Vik", "Wik", "Haug", "Hauge", "Ness", "Noor", "Reed", "Rees"),
)
CITIES = ("Oslo", "Bergen", "Malmo", "Turku", "Aarhus")
TIERS = ("Basic", "Plus", "Key")
GOODS = (
    *("Desk lamp", "Floor lamp", "Desk", "Chair", "Stool", "Shelf board", "Coat rack", "Mirror"),
    *("Tray", "Basket", "Clock", "Vase", "Rug", "Pillow"),
)
KINDS = ("", "XL", "mini", "oak", "black")
SHELVES = ("A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2")
STATUSES = ("Open", "Paid", "Shipped", "Cancelled")
REASONS = ("Customer asked", "Out of stock", "Entered twice")
NOTES = (
    *("call first", "gift wrap", "leave at the door", "ring twice", "no stairs", "back entrance"),
    *("before noon", "after five", "fragile", "with invoice", "weekend only", "ask for Tove"),
)
SUBJECTS = (
    *("Late delivery", "Invoice", "Opening hours", "Spare part", "Colour", "Thank you"),
    *("Wrong size", "New address", "A question", "Discount"),
)
REMARKS = (
    "When will it come?",
    "Could you send the invoice again?",
    "All is well, thank you.",
    "Do you have it in another colour?",
    "Please call me back.",
    "I am away next week.",
)
SENTENCES = (
    *("We call you on Monday", "It leaves today", "Your parcel is on its way"),
    *("We are closed on Friday", "Please send us a photo", "The part arrives next week"),
    *("We have found the mistake", "The invoice is attached", "Thank you for waiting"),
    *("You get a new one", "Please tell us the size", "We are sorry about that"),
)

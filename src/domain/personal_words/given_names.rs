//! Frequent given names of Québec, Canada and the United States, in lower case without accents.
//! Names that are also ordinary words, such as Grace and June, are left out.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Is this word a frequent given name?
pub fn is_given_name(word: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> =
        LazyLock::new(|| GIVEN_NAMES.split_ascii_whitespace().collect());
    SET.contains(word)
}

const GIVEN_NAMES: &str = "
    aaron abdel abdoul abdullah adam adele adriana adrien agathe ahmed aisha alain alan albert
    alex alexander alexandra alexandre alexis alfred ali alice alicia aline alison allan
    allison alyssa amanda amelie amina amir amy ana andre andrea andree andrew andy angela
    angele angelina anita anna annabelle anne annick annie anthony antoine antonio antony
    ariane arianne arlene armand arnaud arthur audrey aurelie barbara beatrice ben benjamin
    benoit bernadette bernard bertrand beth betty beverly bill billy blanche bob bobby brad
    bradley brandon brenda brian brigitte bruce bruno bryan camille carl carla carlos carmen
    carol carole caroline caryn catherine cathy cecile cedric celine chantal charlene charles
    charlie charlotte cheryl chloe chris christian christiane christina christine christophe
    christopher cindy claire clara claude claudette claudia clement colette colin colleen
    connie corinne craig curtis cynthia damien daniel daniela danielle danny daphne darlene
    david dean deborah debra denis denise dennis derek diana diane diego dolores dominic
    dominique don donald donna doris dorothy douglas dylan ed eddie edith edouard eduardo
    edward elaine eleanor elena eli eliane elisabeth elise elizabeth ellen elodie elsa emile
    emilie emily emma emmanuel emmanuelle eric erica erika erin ernest estelle esther ethan
    etienne eugene eva eve evelyn evelyne fabien fatima felix fernand fernando florence
    frances francesca francine francis francisco franck francois francoise frank fred frederic
    frederick frederique gabriel gabriela gabrielle gaetan gail gary genevieve george georges
    gerald geraldine gerard germain ghislain ghislaine gilbert gilles gina ginette giovanni
    gisele giuseppe glen glenn gloria gordon graham greg gregory guillaume guy guylaine
    gwendolyn hannah harold harriet harry hassan heather helen helene henri henriette henry
    herbert herve hicham howard hubert hugo hugues huguette ian ibrahim ida igor irene isaac
    isabel isabelle ivan jack jackie jacob jacqueline jacques james jamie jan jane janet
    janice jasmine jason javier jay jean jeanne jeannine jeff jeffrey jen jennifer jeremie
    jeremy jerome jerry jesse jessica jill jim jimmy joan joanne jocelyn jocelyne joe joel
    joelle johanne john johnny jon jonathan jorge jose josee joseph josephine joshua josiane
    joyce juan judith judy jules julia julian julie julien juliette justin justine karen karim
    karine kate katherine kathleen kathryn kathy katia katrina keith kelly ken kenneth kevin
    khadija khaled kim kimberly kristen kristin kyle lance larry laura laure laurence laurent
    laurie lawrence lea leila leo leon leonard leslie liam liliane lillian linda lisa lise
    logan loic lois lorenzo lori lorraine louis louise luc lucas lucie lucien lucille ludovic
    luis luke lynda lyne lynn madeleine magali maggie malcolm manon manuel marc marcel
    marcelle marco marcos margaret marguerite maria mariam marianne marie mariette marilyn
    marina mario marion marisol marissa marjolaine marjorie mark marlene marsha martha martin
    martine marty mary mathieu mathilde matthew matthieu maude maureen maurice max maxime maya
    megan melanie melissa mercedes meredith michael michel michele micheline michelle miguel
    mike mireille miriam mitchell mohamed mohammed monica monika monique morgan moussa muriel
    myriam nabil nadia nadine nancy naomi natalia natalie natasha nathalie nathan neil nelson
    nicholas nick nicolas nicole nina noah noel noella noemie nora norma norman normand odette
    olga oliver olivia olivier omar oscar otto pablo paige pamela pascal pascale pat patrice
    patricia patrick paul paula paulette pauline pedro peggy peter phil philip philippe
    phillip phyllis pierre pierrette priscilla priya rachel rachelle rafael ralph ramon randy
    raphael raymond raymonde real rebecca regina regine regis rejean rejeanne remi renaud rene
    renee rhonda ricardo richard rick rita rob robert roberta roberto robin roch rodney
    rodrigo roger roland rolande ron ronald rosa rosalie rosemary ross roxanne roy russell
    ruth ryan sabrina sally salma sam samantha samir samuel sandra sandrine sara sarah scott
    sean sebastien serge sergio shannon sharon shawn sheila shelley shirley sidney silvia
    simon simone sofia solange sonia sophia sophie stacy stefan stella stephane stephanie
    stephen steve steven stewart stuart sue susan suzanne sybil sylvain sylvia sylvie tamara
    tania tanya tara ted teresa terri terry thanh theo theodore theresa therese thierry thomas
    tiffany tim timothy tina todd tom tommy toni tony tracy trevor tristan tyler valerie
    vanessa vera vernon veronica veronique vicki vicky victoire victor vincent virginia
    virginie vivian viviane walter wanda warren wayne wendy wesley wilfrid william willie
    winston xavier yan yanick yann yannick yasmine yolande youssef yvan yves yvette yvon
    yvonne zachary zoe
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_without_accents() {
        assert!(is_given_name("helene") && is_given_name("zoe") && is_given_name("aaron"));
        assert!(!is_given_name("rue") && !is_given_name("grace") && !is_given_name(""));
    }
}
